// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <heddle/rt/error.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/topology.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/task/thread_pool.hpp>
#include <mutex>
#include <vector>

namespace heddle::inline v0 {

// One queue under one lock, and a list of idle workers under the same lock: a task that is queued while
// somebody sleeps takes that worker off the list and wakes it, so no task waits beside an idle worker.
class thread_pool::state final : public rt::work_source {
 public:
    explicit state(thread_pool_options options) : options_(std::move(options)) {
        const unsigned count = options_.workers != 0 ? options_.workers : rt::cpu_count();
        workers_.reserve(count);
        threads_.reserve(count);
        idle_.reserve(count);
        for (unsigned i = 0; i < count; ++i)
            workers_.push_back(std::make_unique<rt::worker>(options_.name + "-" + std::to_string(i)));
        try {
            for (auto& w : workers_) threads_.emplace_back(w->name(), [this, &w = *w] { work(w); });
        } catch (const std::system_error& e) {
            stop({.wait = true, .cancel_pending = true});
            throw std::system_error(e.code(), "cannot start worker " + std::to_string(threads_.size()) +
                                                  " of " + std::to_string(count) + " of pool '" +
                                                  options_.name + "'");
        } catch (...) {
            stop({.wait = true, .cancel_pending = true});  // or the threads would never end, nor their join
            throw;
        }
    }

    unsigned workers() const noexcept { return static_cast<unsigned>(workers_.size()); }

    void enqueue(detail::work& w) {
        try {
            std::lock_guard guard(lock_);
            if (broken_) std::rethrow_exception(broken_);
            if (closed_)
                throw shutdown_error("submit() on pool '" + options_.name + "', which has been shut down");
            queue_.push(w);
            if (idle_.empty()) return;
            // The worker cannot go away while we hold the lock: it leaves through end_sleep().
            idle_.back()->wake();
            idle_.pop_back();
        } catch (...) {
            w.give_up();
            throw;
        }
    }

    void stop(shutdown_options how) {
        if (how.wait)
            for (const auto& w : workers_)
                if (w.get() == rt::worker::current())
                    throw invalid_state("a task of pool '" + options_.name +
                                        "' cannot wait for its own pool to shut down");
        rt::runnable_queue withdrawn;
        {
            std::lock_guard guard(lock_);
            closed_ = true;
            if (how.cancel_pending) std::swap(withdrawn, queue_);
            for (rt::worker* w : idle_) w->wake();
            idle_.clear();
        }
        give_up_all(withdrawn, nullptr);
        if (!how.wait) return;
        std::lock_guard guard(joining_);
        for (auto& t : threads_)
            if (t.joinable()) t.join();
    }

    rt::runnable* take(rt::worker&) noexcept override {
        std::lock_guard guard(lock_);
        return queue_.pop();
    }

    idle prepare_sleep(rt::worker& w) noexcept override {
        std::lock_guard guard(lock_);
        if (!queue_.empty()) return idle::work;
        if (closed_ || broken_) return idle::stop;
        idle_.push_back(&w);  // room was reserved for every worker
        return idle::sleep;
    }

    void end_sleep(rt::worker& w) noexcept override {
        std::lock_guard guard(lock_);
        std::erase(idle_, &w);
    }

 private:
    void work(rt::worker& w) {
        try {
            if (options_.initializer) options_.initializer();
        } catch (...) {
            break_pool(std::current_exception());
            return;
        }
        w.run(this, [] { return false; });
    }

    void break_pool(std::exception_ptr cause) noexcept {
        std::string why = "the initializer of pool '" + options_.name + "' threw";
        try {
            std::rethrow_exception(cause);
        } catch (const std::exception& e) {
            why += std::string(": ") + e.what();
        } catch (...) {
        }
        const auto error = std::make_exception_ptr(broken_pool(why));
        rt::runnable_queue pending;
        {
            std::lock_guard guard(lock_);
            broken_ = error;
            std::swap(pending, queue_);
            for (rt::worker* w : idle_) w->wake();
            idle_.clear();
        }
        give_up_all(pending, error);
    }

    static void give_up_all(rt::runnable_queue& queue, const std::exception_ptr& why) noexcept {
        while (rt::runnable* r = queue.pop()) {
            auto& w = static_cast<detail::work&>(*r);
            why ? w.give_up(why) : w.give_up();
        }
    }

    const thread_pool_options options_;
    rt::word_lock lock_;  // guards the next four
    rt::runnable_queue queue_;
    std::vector<rt::worker*> idle_;
    bool closed_ = false;
    std::exception_ptr broken_;
    std::vector<std::unique_ptr<rt::worker>> workers_;
    rt::word_lock joining_;  // two threads may wait for the shutdown at the same time
    std::vector<rt::os_thread> threads_;
};

thread_pool::thread_pool(thread_pool_options options) : state_(std::make_unique<state>(std::move(options))) {}

thread_pool::~thread_pool() {
    state_->stop({.wait = true, .cancel_pending = false});
}

void thread_pool::enqueue(detail::work& w) {
    state_->enqueue(w);
}

void thread_pool::shutdown(shutdown_options options) {
    state_->stop(options);
}

unsigned thread_pool::workers() const noexcept {
    return state_->workers();
}

}  // namespace heddle::inline v0
