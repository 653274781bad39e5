// SPDX-License-Identifier: BSL-1.0
#pragma once

// How tasks wait at a queue. Those who wait are handed what they wait for by the one on the other side: a
// getter the item, and a putter the room, into which the other side moves the item for him. So nobody
// overtakes those who wait, and a wait that has ended has ended well or has changed nothing.

#include <atomic>
#include <cstdint>
#include <exception>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_target.hpp>
#include <heddle/sync/queue_result.hpp>
#include <optional>
#include <utility>

namespace heddle::inline v0::detail {

/// One that waits for an item: where it is put.
template <class Item> class get_target : public wait_target {
 public:
    constexpr get_target() noexcept : wait_target(wait_side::get) {}
    std::optional<Item> item;
};

/// One that waits for room: where the item is.
template <class Item> class put_target : public wait_target {
 public:
    using give_function = Item (*)(put_target&) noexcept;
    explicit put_target(give_function by) noexcept : wait_target(wait_side::put), give_(by) {}
    Item give() noexcept { return give_(*this); }
    std::exception_ptr error;  ///< what putting it for him threw, if that can throw

 private:
    give_function give_;
};

/// With which token those who wait at a queue are woken.
struct queue_token {
    enum : std::uintptr_t { stray, handed_over, look_again };
};

/// Takes out everybody who may be taken out, to look again. Called under the bucket's lock.
inline void take_all_willing(rt::parked& here) noexcept {
    for (rt::waiter* w = here.first(); w != nullptr;) {
        rt::waiter* const next = here.next(*w);
        if (wait_target::of(*w).win()) here.take(*w, queue_token::look_again);
        w = next;
    }
}

/// What waiting to put and waiting to get have in common.
template <class Derived, class Target> class queue_wait : public operation, public Target {
 public:
    template <class... Args>
    queue_wait(const void* address, rt::deadline until, Args&&... target) noexcept
        : operation(address, until, rt::cancellation::observed),
          Target(std::forward<Args>(target)...) {}

    std::uintptr_t tag() noexcept { return this->as_tag(); }
    const char* kind() const noexcept { return Derived::core_type::kind; }
    /// After validate() has said no or somebody has said to look again, it is tried again, and waits again if
    /// others were faster.
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) {
        switch (outcome) {
            case rt::wait_outcome::timed_out:
                status_ = queue_status::timed_out;
                return true;
            case rt::wait_outcome::cancelled:
                cancelled_ = true;
                return true;
            case rt::wait_outcome::granted:
                if (token == queue_token::handed_over) {
                    status_ = queue_status::ok;
                    return true;
                }
                [[fallthrough]];
            default:
                return static_cast<Derived*>(this)->ready();
        }
    }

 protected:
    queue_status status_ = queue_status::timed_out;
    bool cancelled_ = false;
};

/// Putting what `Make` makes into a queue of the kind `Core`.
template <class Core, class Make>
class put_wait : public queue_wait<put_wait<Core, Make>, put_target<typename Core::item>> {
    using target = put_target<typename Core::item>;

 public:
    using core_type = Core;
    template <class... Args>
    put_wait(Core& core, rt::deadline until, Args&&... make)
        : queue_wait<put_wait, target>(core.address(), until, &give),
          core_(core),
          make_(std::forward<Args>(make)...) {}

    bool ready() { return (this->status_ = core_.try_put(make_)) != queue_status::full; }
    bool validate() noexcept { return core_.put_must_wait(); }
    bool others_wait() const noexcept { return core_.putters_wait(); }
    // Until the other side has made room for a number of items: who takes each place as it becomes free
    // shares a cache line with the getter all the time, and is several times slower.
    std::size_t patience() const noexcept { return core_.capacity() / 8; }
    queue_result<void> result() {
        if (this->cancelled_) throw cancelled();
        if (this->error) std::rethrow_exception(std::exchange(this->error, nullptr));
        return queue_result<void>(this->status_);
    }

 private:
    static typename Core::item give(target& self) noexcept { return static_cast<put_wait&>(self).make_(); }
    Core& core_;
    Make make_;
};

/// Getting from a queue of the kind `Core`.
template <class T, class Core>
class get_wait : public queue_wait<get_wait<T, Core>, get_target<typename Core::item>> {
 public:
    using core_type = Core;
    get_wait(Core& core, rt::deadline until) noexcept
        : queue_wait<get_wait, get_target<typename Core::item>>(core.address(), until),
          core_(core) {}

    bool ready() {
        auto take = [this](typename Core::item&& i) noexcept { this->item.emplace(std::move(i)); };
        return (this->status_ = core_.try_get(take)) != queue_status::empty;
    }
    bool validate() noexcept { return core_.get_must_wait(); }
    bool others_wait() const noexcept { return core_.getters_wait(); }
    std::size_t patience() const noexcept {
        if constexpr (requires { core_.get_patience(); }) return core_.get_patience();
        return 0;
    }
    queue_result<T> result() {
        if (this->cancelled_) throw cancelled();
        if (this->item) return queue_result<T>(std::move(*this->item));
        return queue_result<T>(this->status_);
    }

 private:
    Core& core_;
};

/// Carries out `op`, which could not be done at once, on the calling thread or fiber. A thread looks for a
/// moment before it sleeps, unless others sleep already: they come first.
template <class Op> auto wait_at_queue(Op& op) {
    bool done = false;
    if (here() == suspends::no && !op.until().expired()) {
        if (!op.others_wait()) spinner::pause_patiently(op.patience());
        spinner s = spinner::patient();
        while (!done && !op.others_wait() && s.again()) done = op.ready();
    }
    if (!done) wait_here(op);
    return op.result();
}

}  // namespace heddle::inline v0::detail
