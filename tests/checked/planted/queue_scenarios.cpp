// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/spsc_queue.hpp>

#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;

template <class Queue> void one_item(Queue& q) {
    at_once({[&] { (void)q.put(1); }, [&] { check::require(*q.get() == 1); }});
}

template <class Queue> void two_items_with_room_for_one(Queue& q) {
    at_once({[&] {
                 (void)q.put(1);
                 (void)q.put(2);
             },
             [&] {
                 (void)q.get();
                 (void)q.get();
             }});
}

template <class Queue> void two_getters_at_the_end(Queue& q) {
    const auto get = [&] { check::require(q.get().status() == queue_status::closed); };
    at_once({get, get, [&] { q.shutdown(); }});
}

SCENARIO(queue_of_one_item) {
    queue<int> q(1);
    one_item(q);
}

SCENARIO(queue_that_is_full) {
    queue<int> q(1);
    two_items_with_room_for_one(q);
}

// An item is got while one waits to be put; a third asks at that moment.
SCENARIO(queue_that_stays_full) {
    queue<int> q(1);
    (void)q.put(1);
    at_once({[&] { (void)q.put_for(std::chrono::milliseconds(1), 2); }, [&] { (void)q.get(); },
             [&] { (void)q.try_put(3); }});
}

SCENARIO(queue_that_ends) {
    queue<int> q(1);
    two_getters_at_the_end(q);
}

SCENARIO(queue_of_two_getters) {
    queue<int> q(2);
    const auto get = [&] { (void)q.get(); };
    at_once({get, get, [&] {
                 (void)q.put(1);
                 (void)q.put(2);
             }});
}

SCENARIO(queue_that_is_joined) {
    queue<int> q(1);
    (void)q.put(1);
    (void)q.get();
    at_once({[&] { q.join(); }, [&] { q.task_done(); }});
}

SCENARIO(lifo_queue_of_one_item) {
    lifo_queue<int> q(1);
    one_item(q);
}

SCENARIO(lifo_queue_that_ends) {
    lifo_queue<int> q(1);
    two_getters_at_the_end(q);
}

SCENARIO(priority_queue_that_is_full) {
    priority_queue<int> q(1);
    two_items_with_room_for_one(q);
}

SCENARIO(spsc_queue_of_one_item) {
    spsc_queue<int> q(1);
    one_item(q);
}

SCENARIO(spsc_queue_that_is_full) {
    spsc_queue<int> q(1);
    two_items_with_room_for_one(q);
}

SCENARIO(spsc_queue_that_is_shut_down) {
    spsc_queue<int> q(1);
    bool put = false;
    bool got = false;
    at_once({[&] { put = bool(q.put(1)); },
             [&] {
                 while (q.get()) got = true;
             },
             [&] { q.shutdown(); }});
    check::require(put == got);
}

SCENARIO(spsc_queue_destroyed_by_the_consumer) {
    auto* const q = new spsc_queue<int>(1);
    at_once({[q] { (void)q->put(1); },
             [q] {
                 (void)q->get();
                 delete q;
             }});
}

}  // namespace
