// SPDX-License-Identifier: BSL-1.0
#include "futex.hpp"
#include "process_wide.hpp"

#include <sched.h>
#include <algorithm>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/worker.hpp>

namespace heddle::inline v0::rt {

namespace {

// How many steps run before timers, files and other threads get their turn.
constexpr int batch = 64;

// Among how many of those that are ready the checker chooses.
constexpr std::size_t most_choices = 8;

}  // namespace

worker::worker(std::string name) : name_(std::move(name)) {}

worker::~worker() {
    while (posting_.load(std::memory_order_acquire) != 0) ::sched_yield();  // a few instructions, in post()
    while (watched_ != nullptr) unwatch(*watched_);
}

[[gnu::noinline]] worker* worker::current() noexcept {
    asm volatile("" ::: "memory");
    return detail::the_thread.running_worker;
}

void worker::post(runnable& r) noexcept {
    if (current() == this) {
        ready_.push(r);
        return;
    }
    // Once pushed, `r` may run and be the last thing that this worker was needed for; the destructor waits
    // for posting_ to fall to zero. The push publishes the increment, so a worker that saw `r` sees it too;
    // the decrement releases our last use of the members.
    posting_.fetch_add(1, std::memory_order_relaxed);
    inbox_.push(r);
    const auto state = state_.load(std::memory_order_seq_cst);
    if (state == asleep_on_futex || state == asleep_in_poller) wake();
    posting_.fetch_sub(1, std::memory_order_release);
}

void worker::wake() noexcept {
    // acq_rel would do for the hand-over of data; seq_cst because of the pairing explained in sleep().
    switch (state_.exchange(notified, std::memory_order_seq_cst)) {
        case asleep_on_futex:
            futex_wake(&state_, 1);
            break;
        case asleep_in_poller:
            poller_->wake();
            break;
        default:
            break;
    }
}

void worker::watch(readiness& r) {
    if (!poller_) poller_ = std::make_unique<poller>();
    poller_->add(r);
    r.home_ = this;
    r.prev_ = nullptr;
    r.next_ = watched_;
    if (watched_ != nullptr) watched_->prev_ = &r;
    watched_ = &r;
}

void worker::unwatch(readiness& r) noexcept {
    (r.prev_ != nullptr ? r.prev_->next_ : watched_) = r.next_;
    if (r.next_ != nullptr) r.next_->prev_ = r.prev_;
    r.home_ = nullptr;
    poller_->remove(r);
}

void worker::run(work_source* source, function_ref<bool()> done) {
    if (const worker* const running = current())
        throw invalid_state("this thread already runs worker '" + running->name() +
                            "'; a run loop cannot be nested");
    detail::the_thread.running_worker = this;
    source_ = source;
    while (!done()) {
        if (run_some(source, done)) continue;
        if (source == nullptr) {
            sleep(timers_.next());
            continue;
        }
        deadline until = timers_.next();
        const auto idle = source->prepare_sleep(*this, until);
        if (idle == work_source::idle::stop) break;
        if (idle == work_source::idle::sleep) {
            sleep(until);
            source->end_sleep(*this);
        }
    }
    source_ = nullptr;
    detail::the_thread.running_worker = nullptr;
}

// Runs a batch of ready work; false if there was nothing to do at all.
bool worker::run_some(work_source* source, function_ref<bool()> done) {
    const bool chosen = controlled();
    bool any = inbox_.take_all(ready_);
    if (!timers_.empty() && timers_.fire(clock::now()) > 0) any = true;
    for (int i = 0; i < batch; ++i) {
        runnable* r = chosen ? pop_chosen() : ready_.pop();
        bool own = r != nullptr;
        if (!own && source != nullptr) {
            r = source->take(*this);
            // A timer of the source may have posted to this worker.
            if (r == nullptr) own = (r = chosen ? pop_chosen() : ready_.pop()) != nullptr;
        }
        if (r == nullptr) break;
        if (own && source != nullptr) source->turns_to_own(*this);
        r->run();
        any = true;
        if (done()) break;
    }
    // With nothing to run, sleep() looks at the files; otherwise they get their turn here.
    if (any && poller_ && !poller_->empty()) poller_->wait(deadline(clock::time_point{}));
    return any;
}

void worker::post_last(runnable& r) {
    if (controlled()) last_.push_back(&r);
    ready_.push(r);
}

// Under the checker: in which order things became ready is mostly chance, so any of them may be next. But
// none before one that has asked to be behind it.
runnable* worker::pop_chosen() noexcept {
    runnable* const fence = last_.empty() ? nullptr : last_.front();
    std::size_t n = ready_.in_front_of(fence, most_choices);
    if (n == 0 && fence != nullptr && !ready_.empty()) {
        last_.erase(last_.begin());
        n = 1;
    }
    return ready_.pop(choose_below(n));
}

// A poster pushes to the inbox and then reads the state; this side writes the state and then reads the inbox.
// All four are seq_cst, so they have one order, and in it at least one side sees the other's write: either
// the poster wakes us or we see its work. The same holds for wake() alone, whose exchange makes our
// compare-exchange fail.
void worker::sleep(deadline until) noexcept {
    const bool in_poller = poller_ != nullptr && !poller_->empty();
    const std::uint32_t asleep = in_poller ? asleep_in_poller : asleep_on_futex;
    std::uint32_t expected = awake;
    if (state_.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst) && inbox_.empty()) {
        if (in_poller) {
            poller_->wait(until);
        } else {
            while (state_.load(std::memory_order_acquire) == asleep && futex_wait(state_, asleep, until)) {
            }
        }
    }
    // An exchange and not a store: it reads what wake() wrote, and so sees what its caller did before.
    state_.exchange(awake, std::memory_order_seq_cst);
}

}  // namespace heddle::inline v0::rt
