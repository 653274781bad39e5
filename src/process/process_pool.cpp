// SPDX-License-Identifier: BSL-1.0
#include "server_link.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/process/process_pool.hpp>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/topology.hpp>
#include <heddle/rt/word_lock.hpp>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

namespace heddle::inline v0 {

namespace {

// So many workers in a row that die before they are ready, and there is no sense in starting more.
constexpr int hopeless = 3;

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status))
        return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
               ::strsignal(WTERMSIG(status)) + ")";
    return "exited with code " + std::to_string(WEXITSTATUS(status));
}

std::exception_ptr died_in_task(const std::string& pool, std::uint64_t number, pid_t pid, int status) {
    return std::make_exception_ptr(worker_died(
        "worker " + std::to_string(pid) + " of pool '" + pool + "' " + how_it_ended(status) +
            " while it ran task " + std::to_string(number),
        pid, WIFSIGNALED(status) ? WTERMSIG(status) : 0, WIFEXITED(status) ? WEXITSTATUS(status) : 0));
}

// Whether the other end has been closed and nothing is left to read.
bool is_closed(const byte_stream& stream) noexcept {
    char byte = 0;
    const auto n = ::recv(stream.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace

// A thread with an event loop, and on it one coroutine for each worker, which takes a task, sends it, and
// awaits the reply.
class process_pool::state {
 public:
    explicit state(process_pool_options options)
        : options_(std::move(options)),
          workers_(options_.workers != 0 ? options_.workers : rt::cpu_count()),
          loop_(options_.name),
          server_(options_.name) {
        promise<void> started;
        const future<void> ready = started.get_future();
        thread_ = rt::os_thread(options_.name, [this, started = std::move(started)]() mutable {
            loop_.run(service(std::move(started)));
        });
        try {
            ready.get();
        } catch (...) {
            thread_.join();
            throw;
        }
    }

    unsigned workers() const noexcept { return workers_; }

    void enqueue(detail::remote_task& t) {
        try {
            if (::getpid() != owner_)
                throw invalid_state("pool '" + options_.name + "' belongs to process " +
                                    std::to_string(owner_) +
                                    "; a process forked from it needs a pool of its own");
            std::lock_guard guard(lock_);
            if (broken_) std::rethrow_exception(broken_);
            if (closed_)
                throw shutdown_error("submit() on pool '" + options_.name + "', which has been shut down");
            queue_.push(t);
        } catch (...) {
            t.give_up();
            throw;
        }
        rt::parking_lot::unpark_one(&queue_);
    }

    void stop(shutdown_options how) {
        if (::getpid() != owner_) return;  // a fork of the owner: the workers are not ours
        if (how.wait && event_loop::current() == &loop_)
            throw invalid_state("a callback of pool '" + options_.name +
                                "' cannot wait for its own pool to shut down");
        rt::runnable_queue withdrawn;
        {
            std::lock_guard guard(lock_);
            closed_ = true;
            if (how.cancel_pending) std::swap(withdrawn, queue_);
        }
        rt::parking_lot::unpark_all(&queue_);
        give_up_all(withdrawn, nullptr);
        if (!how.wait) return;
        std::lock_guard guard(joining_);
        if (thread_.joinable()) thread_.join();
    }

    bool foreign() const noexcept { return ::getpid() != owner_; }

    std::vector<pid_t> pids() const {
        std::lock_guard guard(lock_);
        return {pids_.begin(), pids_.end()};
    }

    process_pool_stats stats() const {
        std::lock_guard guard(lock_);
        return stats_;
    }

 private:
    struct seat {
        worker_process worker;
        unsigned tasks = 0;  // that this worker has run
    };

    task<void> service(promise<void> started) {
        std::exception_ptr failed;
        try {
            co_await server_.async_start();
        } catch (...) {
            failed = std::current_exception();
        }
        if (failed) {
            co_await server_.async_stop();
            started.set_exception(failed);
            co_return;
        }
        std::vector<task<void>> seats;
        for (unsigned i = 0; i < workers_; ++i) seats.push_back(serve());
        started.set_value();
        co_await gather(std::move(seats));
        co_await server_.async_stop();
    }

    // One worker's place: as long as there is work it is filled.
    task<void> serve() {
        seat s;
        co_await fill(s);
        while (detail::remote_task* const t = co_await next()) {
            if (!t->start()) {
                t->give_up();
                continue;
            }
            co_await fill(s);
            if (s.worker)
                co_await run(s, *t);
            else
                t->give_up(broken());
            if (s.tasks == options_.max_tasks_per_child && s.tasks != 0) co_await retire(s);
        }
        if (s.worker) co_await retire(s);
    }

    // Takes the next task; null when there will be none.
    task<detail::remote_task*> next() {
        for (;;) {
            {
                std::lock_guard guard(lock_);
                if (auto* const r = queue_.pop()) co_return static_cast<detail::remote_task*>(r);
                if (closed_ || broken_) co_return nullptr;
            }
            const auto nothing_to_do = [this] {
                std::lock_guard guard(lock_);
                return queue_.empty() && !closed_ && !broken_;
            };
            rt::async_park park(&queue_, nothing_to_do, rt::deadline::never(), rt::cancellation::ignored);
            co_await park;
        }
    }

    // Makes sure that there is a live worker, unless the pool breaks over it.
    task<void> fill(seat& s) {
        // Killed while it was idle: no task is lost. Its end of the stream is closed before anybody else can
        // know that it died, so the server's word is not waited for.
        if (s.worker && (server_.has_ended(s.worker.pid) || is_closed(*s.worker.stream))) {
            gone(s.worker.pid);
            server_.forget(s.worker.pid);
            s = {};
        }
        while (!s.worker && !is_broken()) {
            std::exception_ptr failed;
            const unsigned losses = server_.losses();
            try {
                s.worker = co_await server_.async_start_worker();
            } catch (...) {
                failed = std::current_exception();
            }
            if (failed) {
                // A server that dies takes with it the workers that all seats wait for: that is one failure.
                if (server_.losses() != losses &&
                    std::exchange(counted_losses_, server_.losses()) == server_.losses())
                    continue;
                if (++failures_ >= hopeless) break_pool(failed);
                continue;
            }
            failures_ = 0;
            std::lock_guard guard(lock_);
            pids_.insert(s.worker.pid);
            ++stats_.workers_started;
        }
    }

    task<void> run(seat& s, detail::remote_task& t) {
        const std::uint64_t number = ++started_;
        std::vector<std::byte> reply;
        bool answered = false;
        try {
            co_await s.worker.stream->async_write_all(t.request());
            detail::frame_header size = 0;
            auto header = std::as_writable_bytes(std::span(&size, 1));
            if (co_await s.worker.stream->async_read_full(header) == sizeof size) {
                reply.resize(size);
                answered = co_await s.worker.stream->async_read_full(reply) == size;
            }
        } catch (const std::system_error&) {
            // broken pipe or reset: the worker is gone, as at the end of the stream
        }
        ++s.tasks;
        const pid_t pid = s.worker.pid;
        if (answered) {
            {
                std::lock_guard guard(lock_);
                ++stats_.tasks;
                stats_.bytes_sent += t.request().size();
                stats_.bytes_received += reply.size() + sizeof(detail::frame_header);
            }
            t.complete(reply);
            co_return;
        }
        s = {};
        const int status = co_await server_.async_ended(pid);
        gone(pid);
        {
            std::lock_guard guard(lock_);
            ++stats_.workers_died;
        }
        t.give_up(died_in_task(options_.name, number, pid, status));
    }

    // Lets a worker go that has nothing to do.
    task<void> retire(seat& s) {
        const pid_t pid = s.worker.pid;
        s = {};  // it reads the end of its stream and exits
        co_await server_.async_ended(pid);
        gone(pid);
    }

    void gone(pid_t pid) {
        std::lock_guard guard(lock_);
        pids_.erase(pid);
    }

    void break_pool(const std::exception_ptr& cause) {
        std::string why = "workers of pool '" + options_.name + "' cannot be started";
        try {
            std::rethrow_exception(cause);
        } catch (const std::exception& e) {
            why += std::string(": ") + e.what();
        }
        rt::runnable_queue pending;
        {
            std::lock_guard guard(lock_);
            broken_ = std::make_exception_ptr(broken_pool(why));
            std::swap(pending, queue_);
        }
        rt::parking_lot::unpark_all(&queue_);
        give_up_all(pending, broken());
    }

    std::exception_ptr broken() const {
        std::lock_guard guard(lock_);
        return broken_;
    }
    bool is_broken() const { return broken() != nullptr; }

    static void give_up_all(rt::runnable_queue& queue, const std::exception_ptr& why) noexcept {
        while (rt::runnable* const r = queue.pop()) {
            auto& t = static_cast<detail::work&>(*r);
            why ? t.give_up(why) : t.give_up();
        }
    }

    const process_pool_options options_;
    const unsigned workers_;
    const pid_t owner_ = ::getpid();

    mutable rt::word_lock lock_;  // guards the next five
    rt::runnable_queue queue_;    // its address is where idle seats are parked
    bool closed_ = false;
    std::exception_ptr broken_;
    std::set<pid_t> pids_;
    process_pool_stats stats_;

    event_loop loop_;
    server_link server_;           // the loop's thread's
    int failures_ = 0;             // in a row; the loop's thread's
    unsigned counted_losses_ = 0;  // of the server, among the failures; the loop's thread's
    std::uint64_t started_ = 0;    // tasks; the loop's thread's
    rt::word_lock joining_;        // two threads may wait for the shutdown at the same time
    rt::os_thread thread_;
};

process_pool::process_pool(process_pool_options options) {
    if (options.start == start_method::fork)
        throw std::invalid_argument(
            "a pool's workers cannot be forked from this process, which has threads; use "
            "start_method::forkserver");
    if (options.start == start_method::spawn)
        throw std::invalid_argument("start_method::spawn is not available yet; use start_method::forkserver");
    if (::getenv(fork_server_variable) != nullptr) {
        // This is the fork server of another pool, and main() runs in it: without this line it would start a
        // pool, which would start a server, and so on.
        std::fputs(
            "heddle: this program was started as a fork server, but main() runs; call heddle::process_main() "
            "first thing in main()\n",
            stderr);
        ::_exit(70);
    }
    if (!program_serves())
        throw broken_pool("pool '" + options.name +
                          "': this program does not serve as its own fork server; call "
                          "heddle::process_main() first thing in "
                          "main()");
    state_ = std::make_unique<state>(std::move(options));
}

process_pool::~process_pool() {
    if (!state_) return;
    if (state_->foreign()) {
        state_.release();  // after fork(): the thread it would join is the parent's
        return;
    }
    state_->stop({.wait = true, .cancel_pending = false});
}

void process_pool::enqueue(detail::remote_task& task) {
    state_->enqueue(task);
}

void process_pool::shutdown(shutdown_options options) {
    state_->stop(options);
}

unsigned process_pool::workers() const noexcept {
    return state_->workers();
}

std::vector<pid_t> process_pool::pids() const {
    return state_->pids();
}

process_pool_stats process_pool::stats() const {
    return state_->stats();
}

}  // namespace heddle::inline v0
