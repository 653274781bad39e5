// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where coroutines that share one thread are compared, each with the same interface: P::task is a coroutine,
// P::run(all) runs some to their end, P::yield() lets the others have their turn, and P::mutex and P::queue
// are what they meet at.

#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <optional>
#include <utility>
#include <vector>

#if __has_include(<boost/asio/awaitable.hpp>)
#include <boost/asio/awaitable.hpp>
#ifdef BOOST_ASIO_HAS_CO_AWAIT
#define HEDDLE_BENCH_ASIO_COROUTINES
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#endif
#endif

namespace peers {

struct heddle {
    using task = ::heddle::task<>;
    static auto yield() { return ::heddle::yield(); }
    static void run(std::vector<task> all) { ::heddle::run(run_all(std::move(all))); }

    class mutex {
     public:
        auto lock() { return mutex_.async_lock(); }
        void unlock() { mutex_.unlock(); }

     private:
        ::heddle::mutex mutex_;
    };

    class queue {
     public:
        explicit queue(std::size_t capacity) : queue_(capacity) {}
        auto put(long i) { return queue_.async_put(i); }
        auto get() { return queue_.async_get(); }

     private:
        ::heddle::queue<long> queue_;
    };

 private:
    static task run_all(std::vector<task> all) {
        std::vector<::heddle::future<>> running;
        for (auto& t : all) running.push_back(::heddle::spawn(std::move(t)));
        for (auto& f : running) co_await f;
    }
};

/// The floor: coroutines, a queue of those that can go on, and nothing else. Whoever waits is handed what it
/// waits for.
struct bare {
    struct task {
        struct promise_type {
            task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
            std::suspend_always initial_suspend() const noexcept { return {}; }
            std::suspend_never final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            void unhandled_exception() const noexcept { std::terminate(); }
        };
        std::coroutine_handle<> handle;
    };

    static void run(const std::vector<task>& all) {
        for (const task& t : all) can_go_on.push_back(t.handle);
        while (!can_go_on.empty()) {
            const auto next = can_go_on.front();
            can_go_on.pop_front();
            next.resume();
        }
    }

    static auto yield() {
        struct awaiter : std::suspend_always {
            void await_suspend(std::coroutine_handle<> h) const { can_go_on.push_back(h); }
        };
        return awaiter{};
    }

    class mutex {
     public:
        auto lock() {
            struct awaiter {
                mutex& m;
                bool await_ready() const noexcept { return !std::exchange(m.locked_, true); }
                void await_suspend(std::coroutine_handle<> h) const { m.waiting_.push_back(h); }
                void await_resume() const noexcept {}
            };
            return awaiter{*this};
        }
        void unlock() {
            if (waiting_.empty()) {
                locked_ = false;
                return;
            }
            can_go_on.push_back(waiting_.front());
            waiting_.pop_front();
        }

     private:
        bool locked_ = false;
        std::deque<std::coroutine_handle<>> waiting_;
    };

    class queue {
        struct waiter {
            queue& q;
            long item;
            std::coroutine_handle<> who{};
        };
        struct putting : waiter {
            bool await_ready() const { return this->q.try_put(this->item); }
            void await_suspend(std::coroutine_handle<> h) {
                this->who = h;
                this->q.putting_.push_back(this);
            }
            bool await_resume() const noexcept { return true; }
        };
        struct getting : waiter {
            bool await_ready() { return this->q.try_get(this->item); }
            void await_suspend(std::coroutine_handle<> h) {
                this->who = h;
                this->q.getting_.push_back(this);
            }
            std::optional<long> await_resume() const noexcept { return this->item; }
        };

     public:
        explicit queue(std::size_t capacity) : capacity_(capacity) {}
        auto put(long i) { return putting{{*this, i}}; }
        auto get() { return getting{{*this, 0}}; }

     private:
        static waiter& first_of(std::deque<waiter*>& waiting) {
            waiter& first = *waiting.front();
            waiting.pop_front();
            can_go_on.push_back(first.who);
            return first;
        }
        bool try_put(long i) {
            if (!getting_.empty()) {
                first_of(getting_).item = i;
                return true;
            }
            if (items_.size() == capacity_) return false;
            items_.push_back(i);
            return true;
        }
        bool try_get(long& i) {
            if (items_.empty()) return false;
            i = items_.front();
            items_.pop_front();
            if (!putting_.empty()) items_.push_back(first_of(putting_).item);
            return true;
        }

        std::size_t capacity_;
        std::deque<long> items_;
        std::deque<waiter*> putting_;
        std::deque<waiter*> getting_;
    };

 private:
    inline static std::deque<std::coroutine_handle<>> can_go_on;
};

#ifdef HEDDLE_BENCH_ASIO_COROUTINES
/// Has neither mutexes nor queues for coroutines (Boost 1.74): so made of what it has. What waits is kept as
/// its handler, and that is posted.
struct asio {
    using executor = boost::asio::io_context::executor_type;
    template <class T> using awaitable = boost::asio::awaitable<T, executor>;
    using task = awaitable<void>;
    using resumes = boost::asio::use_awaitable_t<executor>;

    static auto yield() { return boost::asio::post(context(), resumes()); }
    static void run(std::vector<task> all) {
        for (auto& t : all) boost::asio::co_spawn(context(), std::move(t), boost::asio::detached);
        context().run();
        context().restart();
    }

 private:
    static boost::asio::io_context& context() {
        static boost::asio::io_context one(1);
        return one;
    }

    class waiters {
     public:
        task wait() {
            resumes token;
            return boost::asio::async_initiate<resumes&, void()>(
                [this](handler h) { waiting_.push_back(std::move(h)); }, token);
        }
        /// @return whether there was one
        bool wake_one() {
            if (waiting_.empty()) return false;
            boost::asio::post(context(), std::move(waiting_.front()));
            waiting_.pop_front();
            return true;
        }

     private:
        using handler = boost::asio::async_result<resumes, void()>::handler_type;
        std::deque<handler> waiting_;
    };

 public:
    /// Is handed over to the one that has waited longest.
    class mutex {
     public:
        task lock() {
            if (std::exchange(locked_, true)) co_await waiters_.wait();
        }
        void unlock() {
            if (!waiters_.wake_one()) locked_ = false;
        }

     private:
        bool locked_ = false;
        waiters waiters_;
    };

    class queue {
     public:
        explicit queue(std::size_t capacity) : capacity_(capacity) {}
        awaitable<bool> put(long i) {
            while (items_.size() == capacity_) co_await room_.wait();
            items_.push_back(i);
            item_.wake_one();
            co_return true;
        }
        awaitable<std::optional<long>> get() {
            while (items_.empty()) co_await item_.wait();
            const long i = items_.front();
            items_.pop_front();
            room_.wake_one();
            co_return i;
        }

     private:
        std::size_t capacity_;
        std::deque<long> items_;
        waiters room_;
        waiters item_;
    };
};
#endif

}  // namespace peers
