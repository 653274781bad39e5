// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/event_loop.hpp>
#include <mutex>

namespace heddle::inline v0 {

namespace {
constinit thread_local event_loop* this_loop = nullptr;
}

event_loop::event_loop(std::string name) : worker_(std::move(name)) {}

event_loop::~event_loop() {
    drain(true);
}

event_loop* event_loop::current() noexcept {
    return this_loop;
}

void event_loop::start(detail::spawned& s) {
    {
        std::lock_guard guard(lock_);
        if (closed_) throw shutdown_error("loop '" + worker_.name() + "' has been shut down");
        s.next_alive = alive_;
        s.prev_alive = nullptr;
        if (alive_ != nullptr) alive_->prev_alive = &s;
        alive_ = &s;
    }
    worker_.post(s);
}

void event_loop::finished(detail::spawned& s) noexcept {
    std::lock_guard guard(lock_);
    (s.prev_alive != nullptr ? s.prev_alive->next_alive : alive_) = s.next_alive;
    if (s.next_alive != nullptr) s.next_alive->prev_alive = s.prev_alive;
}

void event_loop::request_stop() noexcept {
    // Under the lock: finished() takes it, so nothing on the list can go away meanwhile.
    std::lock_guard guard(lock_);
    for (auto* s = alive_; s != nullptr; s = s->next_alive) s->context().request_stop();
}

void event_loop::run_until_done(const detail::future_state& main) {
    event_loop* const outer = std::exchange(this_loop, this);
    try {
        worker_.run(nullptr, [&] { return main.done(); });
    } catch (...) {
        this_loop = outer;
        throw;
    }
    this_loop = outer;
    drain(true);
}

void event_loop::shutdown(shutdown_options options) {
    {
        std::lock_guard guard(lock_);
        closed_ = true;
    }
    if (options.cancel_pending) request_stop();
    if (options.wait && rt::worker::current() == nullptr) drain(false);
}

void event_loop::drain(bool stop_first) noexcept {
    const auto nothing_alive = [this] {
        std::lock_guard guard(lock_);
        return alive_ == nullptr;
    };
    if (nothing_alive()) return;
    event_loop* const outer = std::exchange(this_loop, this);
    if (stop_first) request_stop();
    worker_.run(nullptr, nothing_alive);
    this_loop = outer;
}

}  // namespace heddle::inline v0
