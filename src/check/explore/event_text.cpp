// SPDX-License-Identifier: BSL-1.0
#include "event_text.hpp"

#include <cstddef>
#include <iterator>

namespace heddle::inline v0::check {

namespace {

struct wording {
    action what;
    const char* object;  // the kind of thing
    const char* done;
    const char* waits;  // null: it never waits
};

constexpr wording words[] = {
    {action::none, "", "goes on", nullptr},
    {action::thread_start, "", "starts", nullptr},
    {action::thread_create, "", "starts thread", nullptr},
    {action::thread_join, "", "joins", "waits for the end of"},
    {action::thread_detach, "", "detaches", nullptr},
    {action::thread_end, "", "ends", nullptr},
    {action::mutex_lock, "mutex", "locks", "waits for"},
    {action::mutex_trylock, "mutex", "tries to lock", nullptr},
    {action::mutex_unlock, "mutex", "unlocks", nullptr},
    {action::mutex_destroy, "mutex", "destroys", nullptr},
    {action::cond_wait, "condition", "begins to wait at", nullptr},
    {action::cond_wake, "condition", "wakes up at", "waits for a signal at"},
    {action::cond_signal, "condition", "signals", nullptr},
    {action::cond_broadcast, "condition", "signals all at", nullptr},
    {action::read_lock, "rwlock", "locks for reading", "waits to read-lock"},
    {action::write_lock, "rwlock", "locks for writing", "waits to write-lock"},
    {action::read_trylock, "rwlock", "tries to lock for reading", nullptr},
    {action::write_trylock, "rwlock", "tries to lock for writing", nullptr},
    {action::rwlock_unlock, "rwlock", "unlocks", nullptr},
    {action::semaphore_wait, "semaphore", "takes from", "waits for"},
    {action::semaphore_trywait, "semaphore", "tries to take from", nullptr},
    {action::semaphore_post, "semaphore", "posts", nullptr},
    {action::barrier_arrive, "barrier", "arrives at", nullptr},
    {action::barrier_leave, "barrier", "leaves", "waits for the others at"},
    {action::once_enter, "once", "enters", "waits for another thread in"},
    {action::once_done, "once", "completes", nullptr},
    {action::word_wait, "word", "begins to wait at", nullptr},
    {action::word_woken, "word", "wakes up at", "waits for a wake-up at"},
    {action::word_wake, "word", "wakes those at", nullptr},
    {action::sleep, "", "has slept", "sleeps"},
    {action::yield, "", "yields", nullptr},
    {action::file_wait, "", "goes on with input or output", "waits for input or output"},
    {action::process_wait, "", "goes on after a process ended", "waits for a process to end"},
    {action::blocked, "", "comes back from a call that is not controlled", "waits in a call that is not controlled"},
    {action::read, "", "reads", nullptr},
    {action::write, "", "writes", nullptr},
    {action::atomic_load, "atomic", "loads", nullptr},
    {action::atomic_store, "atomic", "stores to", nullptr},
    {action::atomic_update, "atomic", "updates", nullptr},
    {action::fence, "", "passes a fence", nullptr},
    {action::signal_send, "", "sends", nullptr},
    {action::signal_wait, "", "receives", "waits for a signal"},
    {action::signal_handle, "", "handles", nullptr},
    {action::choose, "", "chooses", nullptr},
    {action::exit, "", "ends the program", nullptr},
};

constexpr bool in_order() {
    std::size_t i = 0;
    for (const wording& w : words)
        if (static_cast<std::size_t>(w.what) != i++) return false;
    return i == static_cast<std::size_t>(action::exit) + 1;
}
static_assert(in_order());

const wording& wording_of(action a) noexcept {
    const auto i = static_cast<std::size_t>(a);
    return words[i < std::size(words) ? i : 0];
}

std::string with_object(const char* verb, const char* kind, const std::string& object) {
    std::string text = verb;
    if (object.empty()) return text;
    if (*kind != 0) text += std::string(" ") + kind;
    return text + " " + object;
}

}  // namespace

const char* object_word(action a) noexcept {
    return wording_of(a).object;
}

std::string done_text(action a, const std::string& object) {
    const wording& w = wording_of(a);
    return a == action::none ? w.done : with_object(w.done, w.object, object);
}

std::string waits_text(action a, const std::string& object) {
    const wording& w = wording_of(a);
    if (w.waits == nullptr) return "is about to go on: " + done_text(a, object);
    return with_object(w.waits, w.object, object);
}

}  // namespace heddle::inline v0::check
