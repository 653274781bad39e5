// SPDX-License-Identifier: BSL-1.0
#pragma once

// Tasks whose work is done in another process: the request that goes there, and what becomes of the reply.
// Internal to process_pool.

#include <cstddef>
#include <exception>
#include <heddle/process/travel.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/work.hpp>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0::detail {

/// What runs in the worker: reads callable and arguments, writes the result, or throws.
using remote_entry = void (*)(unpacker& in, packer& out);

/// A task that waits for a worker process. It owns itself until completed or given up.
class HEDDLE_API remote_task : public work {
 public:
    /// Says that it starts; false if it was withdrawn, and then it is to be given up.
    virtual bool start() noexcept = 0;
    /// Takes the worker's reply.
    virtual void complete(std::span<const std::byte> reply) noexcept = 0;

    const std::vector<std::byte>& request() const noexcept { return request_; }

 protected:
    remote_task() : work([](rt::runnable&) noexcept {}) {}
    ~remote_task() = default;

    /// Writes the request: `entry`, then what `pack_rest` adds. @throws what packing throws
    template <class PackRest> void pack_request(remote_entry entry, PackRest pack_rest) {
        packer out;
        out.value(place_of(reinterpret_cast<const void*>(entry)));
        pack_rest(out);
        request_ = std::move(out).take();
    }

 private:
    std::vector<std::byte> request_;
};

/// Sets a promise or a state from what a worker wrote.
template <class R, class Target> void receive_result(unpacker& in, Target& target) {
    if (!in.value<bool>())
        target.set_exception(unpack_exception(in));
    else if constexpr (std::is_void_v<R>)
        target.set_value();
    else
        target.set_value(in.value<R>());
}

/// Writes what `call()` gives, as receive_result() reads it. If `call` throws nothing has been written; if
/// packing the result throws, half of it has, so that is undone.
template <class Call> void send_result(packer& out, Call call) {
    using R = std::invoke_result_t<Call>;
    if constexpr (std::is_void_v<R>) {
        call();
        out.value(true);
    } else {
        check_travels<R>();
        const R result = call();
        const std::size_t before = out.size();
        try {
            out.value(true);
            out.value(result);
        } catch (...) {
            out.shrink(before);
            throw;
        }
    }
}

/// One call.
template <class R, class F, class... Args> class remote_call final : public remote_task {
 public:
    future<R> get_future() const { return promise_.get_future(); }

    /// @throws what serialisation throws; then it is to be given up.
    void pack(const F& f, const Args&... args) {
        pack_request(&enter, [&](packer& out) {
            pack_callable(out, f);
            (out.value(args), ...);
        });
    }

    bool start() noexcept override {
        try {
            return promise_.set_running();
        } catch (...) {
            return false;
        }
    }
    void complete(std::span<const std::byte> reply) noexcept override {
        try {
            unpacker in(reply);
            receive_result<R>(in, promise_);
        } catch (...) {
            promise_.set_exception(std::current_exception());
        }
        delete this;
    }
    void give_up() noexcept override {
        promise_.cancel();
        delete this;
    }
    void give_up(std::exception_ptr why) noexcept override {
        if (!promise_.done()) promise_.set_exception(std::move(why));
        delete this;
    }

 private:
    static void enter(unpacker& in, packer& out) {
        F f = unpack_callable<F>(in);
        std::tuple<Args...> args{in.value<Args>()...};  // braces: read in order
        send_result(out, [&]() -> R { return std::apply(f, std::move(args)); });
    }

    promise<R> promise_;
};

/// How an item of a map travels, and becomes the argument of the call.
template <class F, class Item> struct whole_item {
    using result = typename call_result<F, Item>::type;
    static void pack(packer& out, const Item& item) { out.value(item); }
    static Item unpack(unpacker& in) { return in.value<Item>(); }
    static result call(F& f, Item&& item) { return f(std::move(item)); }
};

/// The same of a tuple whose elements are the arguments. They travel one by one, as those of submit().
template <class F, class Item, class = std::make_index_sequence<std::tuple_size_v<Item>>> struct spread_item;
template <class F, class Item, std::size_t... i> struct spread_item<F, Item, std::index_sequence<i...>> {
    using result = typename call_result<F, std::tuple_element_t<i, Item>...>::type;
    static void pack(packer& out, const Item& item) { (out.value(std::get<i>(item)), ...); }
    static Item unpack(unpacker& in) {
        return Item{in.value<std::remove_cv_t<std::tuple_element_t<i, Item>>>()...};
    }
    static result call(F& f, Item&& item) { return std::apply(f, std::move(item)); }
};

/// Several items of a map, which travel together but succeed and fail each for itself.
template <class F, class Item, class How> class remote_chunk final : public remote_task {
    using R = typename How::result;

 public:
    explicit remote_chunk(std::size_t count) : promises_(count) {}

    void add_futures_to(std::vector<future<R>>& futures) const {
        for (const auto& p : promises_) futures.push_back(p.get_future());
    }
    void pack(const F& f, const std::vector<Item>& items) {
        pack_request(&enter, [&](packer& out) {
            pack_callable(out, f);
            out.value(items.size());
            for (const Item& item : items) How::pack(out, item);
        });
    }

    bool start() noexcept override {
        bool any = false;
        for (auto& p : promises_) {
            try {
                any = p.set_running() || any;
            } catch (...) {
            }
        }
        return any;
    }
    void complete(std::span<const std::byte> reply) noexcept override {
        std::size_t done = 0;
        try {
            unpacker in(reply);
            if (!in.value<bool>()) std::rethrow_exception(unpack_exception(in));
            for (; done < promises_.size(); ++done) {
                promise<R>& p = promises_[done];
                if (p.done()) {
                    promise<R> withdrawn;  // its result is read all the same: the next one follows it
                    receive_result<R>(in, withdrawn);
                    withdrawn.get_future().exception();
                } else {
                    receive_result<R>(in, p);
                }
            }
        } catch (...) {
            fail_from(done, std::current_exception());
        }
        delete this;
    }
    void give_up() noexcept override {
        for (auto& p : promises_) p.cancel();
        delete this;
    }
    void give_up(std::exception_ptr why) noexcept override {
        fail_from(0, why);
        delete this;
    }

 private:
    void fail_from(std::size_t first, const std::exception_ptr& why) noexcept {
        for (std::size_t i = first; i < promises_.size(); ++i)
            if (!promises_[i].done()) promises_[i].set_exception(why);
    }

    static void enter(unpacker& in, packer& out) {
        F f = unpack_callable<F>(in);
        const auto count = in.value<std::size_t>();
        out.value(true);
        for (std::size_t i = 0; i < count; ++i) {
            Item item = How::unpack(in);
            try {
                send_result(out, [&]() -> R { return How::call(f, std::move(item)); });
            } catch (...) {
                out.value(false);
                pack_exception(out, std::current_exception());
            }
        }
    }

    std::vector<promise<R>> promises_;
};

}  // namespace heddle::inline v0::detail
