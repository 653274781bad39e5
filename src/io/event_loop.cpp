// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/event_loop.hpp>
#include <mutex>
#include "rt/process_wide.hpp"

namespace heddle::inline v0 {

event_loop::event_loop(std::string name) : worker_(std::move(name)) {}

event_loop::~event_loop() {
    const auto next = [this] {
        std::lock_guard guard(lock_);
        closed_ = true;
        return alive_;
    };
    // Outside run() nothing is alive that has been started. Started with a request to stop, a task ends at
    // once without having run, and that needs no worker: so a loop may go away on a thread that is one.
    while (detail::spawned* const s = next()) {
        s->context().request_stop();
        s->run();
    }
}

event_loop::turn::turn(event_loop& loop) : loop_(loop) {
    if (const rt::worker* const here = rt::worker::current())
        throw invalid_state("loop '" + loop.worker_.name() + "' cannot run on a thread that already runs '" +
                            here->name() + "': spawn() there, or use another thread");
    {
        std::lock_guard guard(loop.lock_);
        if (loop.running_)
            throw invalid_state("loop '" + loop.worker_.name() + "' is run by another thread already");
        loop.running_ = true;
    }
    rt::detail::the_thread.running_loop = &loop;
}

event_loop::turn::~turn() {
    rt::detail::the_thread.running_loop = nullptr;
    std::lock_guard guard(loop_.lock_);
    loop_.running_ = false;
}

event_loop* event_loop::current() noexcept {
    return rt::detail::the_thread.running_loop;
}

void event_loop::start(detail::spawned& s) {
    {
        std::lock_guard guard(lock_);
        if (closed_) throw shutdown_error("loop '" + worker_.name() + "' has been shut down");
        s.next_alive = alive_;
        s.prev_alive = nullptr;
        if (alive_ != nullptr) alive_->prev_alive = &s;
        alive_ = &s;
        // A task that has yet to learn that it is to stop passes that on. Otherwise it might wait for ever
        // for what it has just started.
        if (ending_ && rt::worker::current() == &worker_ && rt::current_task().stop_pending()) ask(s);
    }
    worker_.post(s);
}

void event_loop::finished(detail::spawned& s) noexcept {
    std::lock_guard guard(lock_);
    (s.prev_alive != nullptr ? s.prev_alive->next_alive : alive_) = s.next_alive;
    if (s.next_alive != nullptr) s.next_alive->prev_alive = s.prev_alive;
    if (s.asked) --asked_;
}

void event_loop::request_stop() noexcept {
    // Under the lock: finished() takes it, so nothing on the list can go away meanwhile.
    std::lock_guard guard(lock_);
    for (auto* s = alive_; s != nullptr; s = s->next_alive) s->context().request_stop();
}

void event_loop::run_until_done(const detail::future_state& main) {
    worker_.run(nullptr, [&] { return main.done(); });
    end_leftovers();
}

// Under the lock. Nobody is asked twice: a second request would disturb the clean-up that the first one
// began.
void event_loop::ask(detail::spawned& s) noexcept {
    s.asked = true;
    ++asked_;
    s.context().request_stop();
}

// In rounds: all who are alive are asked, and the next round begins when these have ended. So every round
// ends at least one task, sleeps as long as its tasks wait, and leaves alone what they start in order to
// clean up.
void event_loop::end_leftovers() noexcept {
    const auto none_asked = [this] {
        std::lock_guard guard(lock_);
        return asked_ == 0;
    };
    const auto ask_all = [this] {
        std::lock_guard guard(lock_);
        ending_ = alive_ != nullptr;
        for (auto* s = alive_; s != nullptr; s = s->next_alive) ask(*s);
        return ending_;
    };
    while (ask_all()) worker_.run(nullptr, none_asked);
}

void event_loop::shutdown(shutdown_options options) {
    {
        std::lock_guard guard(lock_);
        closed_ = true;
    }
    if (options.cancel_pending) request_stop();
    if (!options.wait || rt::worker::current() != nullptr) return;
    try {
        const turn here(*this);
        drain();
    } catch (const invalid_state&) {
        // another thread runs it, and will not return before everything has ended
    }
}

void event_loop::drain() noexcept {
    const auto nothing_alive = [this] {
        std::lock_guard guard(lock_);
        return alive_ == nullptr;
    };
    worker_.run(nullptr, nothing_alive);
}

}  // namespace heddle::inline v0
