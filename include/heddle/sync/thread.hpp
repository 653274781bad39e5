// SPDX-License-Identifier: BSL-1.0
#pragma once

// A thread of the operating system with a name, a state and an end that can be waited for with a limit. For
// work that must have a thread of its own: a foreign library's loop, a real-time task. For work with a result
// use thread_pool. A thread sleeps by rt::sleep_for().

#include <sys/types.h>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/thread_record.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/error.hpp>
#include <heddle/sync/thread_scheduling.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// How far a thread has come, and what it does at the moment.
enum class thread_state {
    created,   ///< not started yet
    runnable,  ///< it could run and waits for a CPU
    running,   ///< it is on a CPU
    blocked,   ///< it waits: see blocked_on()
    finished,  ///< its function has returned, and its thread_local objects are gone
};

/// How a thread is made.
struct thread_options {
    std::string name{};            ///< empty: thread-1, thread-2 …
    bool daemon = false;           ///< neither the destructor nor the end of the program waits for it
    bool start = true;             ///< false: at start()
    std::size_t stack_size = 0;    ///< 0: the system's
    std::vector<unsigned> cpus{};  ///< empty: those of the creator
    std::optional<thread_scheduling> scheduling{};  ///< none: as the creator
    std::stop_token stop{};                         ///< a request to this one is one to the thread
};

namespace detail {

/// The function of a thread and its arguments.
class thread_body {
 public:
    virtual ~thread_body() = default;
    virtual void run(std::stop_token stop) = 0;
};

template <class F, class... Args>
inline constexpr bool takes_stop_token =
    std::is_invocable_v<std::decay_t<F>, std::stop_token, std::decay_t<Args>...>;

template <class F, class... Args> class thread_call final : public thread_body {
 public:
    template <class G, class... Given>
    explicit thread_call(G&& f, Given&&... args)
        : function_(std::forward<G>(f)),
          arguments_(std::forward<Given>(args)...) {}
    void run(std::stop_token stop) override {
        std::apply(
            [&](Args&&... args) {
                if constexpr (takes_stop_token<F, Args...>)
                    std::invoke(std::move(function_), std::move(stop), std::move(args)...);
                else
                    std::invoke(std::move(function_), std::move(args)...);
            },
            std::move(arguments_));
    }

 private:
    F function_;
    std::tuple<Args...> arguments_;
};

class thread_core;

/// Waiting for the end of a thread.
class HEDDLE_API thread_join : public operation {
 public:
    thread_join(thread_core* core, rt::deadline until);
    bool ready();
    bool validate() noexcept { return record_->must_wait(); }
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    const char* kind() const noexcept { return "thread"; }
    const char* name() const noexcept { return name_.c_str(); }
    bool over() const noexcept { return over_; }
    void result();

 private:
    thread_core* core_;
    std::shared_ptr<rt::thread_record> record_;
    std::string name_;
    bool over_ = false;
};

/// The same with a limit.
class timed_thread_join : public thread_join {
 public:
    using thread_join::thread_join;
    bool result() {
        thread_join::result();
        return over();
    }
};

}  // namespace detail

/// A thread that is joined at the end of its scope, unless it is a daemon.
///
/// An exception that leaves its function goes to the hook (set_thread_exception_hook()) and ends that thread
/// only; cancelled ends it silently. Thread-safety: all members but the destructor, the assignment and
/// set_daemon() from any task. What was done before the start is seen by the thread, and what the thread did
/// by those who have joined it.
class HEDDLE_API thread {
 public:
    class handle;

    /// No thread; everything but valid(), assignment and the destructor is then invalid_state.
    thread() noexcept;
    /// Starts a thread that calls `f(args...)`, or `f(stop_token, args...)` if it takes one, with copies of
    /// them (moved where they can be). Throws: std::system_error, std::bad_alloc.
    template <class F, class... Args>
        requires(!std::same_as<std::remove_cvref_t<F>, thread> &&
                 !std::same_as<std::remove_cvref_t<F>, thread_options>)
    explicit thread(F&& f, Args&&... args)
        : thread(thread_options{}, std::forward<F>(f), std::forward<Args>(args)...) {}
    /// As above, as `options` say. What the system refuses of them is thrown here, and the function has not
    /// run then. Throws also: std::invalid_argument.
    template <class F, class... Args>
        requires(!std::same_as<std::remove_cvref_t<F>, std::unique_ptr<detail::thread_body>>)
    thread(thread_options options, F&& f, Args&&... args)
        : thread(std::move(options), make_body(std::forward<F>(f), std::forward<Args>(args)...)) {}
    thread(thread&& other) noexcept;
    /// Ends what it had as the destructor does.
    thread& operator=(thread&& other) noexcept;
    /// Joins, unless it is a daemon, was not started or is this very thread. Blocks the task. Not a
    /// cancellation point.
    ~thread();

    /// Whether there is a thread, of whatever state.
    bool valid() const noexcept { return core_ != nullptr; }
    /// Starts it. @throws invalid_state if it has been started before; as the constructor.
    void start();
    /// Asks it to stop: it sees heddle::cancelled at its next cancellation point, and its stop_token says
    /// so.
    void request_stop();
    /// Says whether it has been asked to stop; for code that knows nothing of heddle.
    std::stop_token stop_token() const;

    /// Waits until it has finished: its function has returned, its thread_local objects have been destroyed,
    /// and it is gone from the system. More than once is fine. Blocks the task. Not a cancellation point.
    /// @throws invalid_state if it was not started; deadlock_error from the thread itself.
    void join() { join_until(rt::deadline::never()); }
    /// Whether it has finished. Never waits. Throws as join().
    bool try_join();
    /// join() unless that takes longer than `d`. @return whether it has finished; what the system still knows
    /// of it goes with the object, as with try_join().
    template <class Rep, class Period> bool join_for(std::chrono::duration<Rep, Period> d) {
        return join_until(rt::deadline::after(d));
    }
    /// join() unless that takes until `until`. @return whether it has finished.
    bool join_until(rt::deadline until);
    /// co_await: as join(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_join() {
        return detail::awaiting<detail::thread_join>(std::in_place, &core(), rt::deadline::never());
    }
    /// co_await: as join_until().
    auto async_join(rt::deadline until) {
        return detail::awaiting<detail::timed_thread_join>(std::in_place, &core(), until);
    }

    /// How far it has come. Complexity: looks at files of the system if it runs.
    thread_state state() const;
    /// What it waits for ("mutex 'accounts'", "read"); empty if it is not blocked. As state() a hint, it may
    /// have changed already.
    std::string blocked_on() const;
    /// Whether it has been started and has not finished.
    bool alive() const;
    /// The last that it was given, or thread-1, thread-2 …
    std::string name() const;
    /// Of a thread that runs, what the system shows is renamed too, cut to 15 bytes.
    void set_name(std::string name);
    /// Whether nobody waits for its end.
    bool daemon() const;
    /// @throws invalid_state after the start.
    void set_daemon(bool daemon);
    /// A number that no other thread or task of this process has or had.
    std::uint64_t id() const;
    /// Its number in the system (gettid(2)); 0 before the start.
    pid_t native_id() const;

    // How the system schedules it. @throws invalid_state unless it is alive; std::invalid_argument for values
    // that mean nothing; std::system_error for what the system refuses.

    /// The CPUs on which it may run.
    std::vector<unsigned> cpus() const;
    void set_cpus(const std::vector<unsigned>& cpus);
    thread_scheduling scheduling() const;
    void set_scheduling(const thread_scheduling& how);
    /// Of its class: nice for normal and batch (a lower number is more urgent), 1 … 99 for fifo and
    /// round_robin (a higher one is), 0 for the others.
    int priority() const;
    void set_priority(int priority);

    /// This thread as the registry shows it, which does not end with this object.
    handle get_handle() const;

 private:
    thread(thread_options options, std::unique_ptr<detail::thread_body> body);
    template <class F, class... Args>
    static std::unique_ptr<detail::thread_body> make_body(F&& f, Args&&... args) {
        static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...> ||
                          detail::takes_stop_token<F, Args...>,
                      "heddle: the function of a thread cannot be called with these arguments, which are "
                      "copied and passed as rvalues; wrap a reference in std::ref");
        return std::make_unique<detail::thread_call<std::decay_t<F>, std::decay_t<Args>...>>(
            std::forward<F>(f), std::forward<Args>(args)...);
    }
    detail::thread_core& core() const;
    void end() noexcept;
    void join_at_the_end() noexcept;

    std::unique_ptr<detail::thread_core> core_;
};

/// A thread, which may have finished, as the registry shows it. Copies refer to the same one.
///
/// The members are those of thread, and throw what these do.
class HEDDLE_API thread::handle {
 public:
    std::uint64_t id() const noexcept { return record_->context.id(); }
    pid_t native_id() const;
    std::string name() const { return record_->context.name(); }
    void set_name(std::string name);
    thread_state state() const;
    std::string blocked_on() const;
    bool alive() const noexcept;
    bool daemon() const noexcept { return record_->daemon; }
    void request_stop() noexcept { record_->request_stop(); }
    std::vector<unsigned> cpus() const;
    void set_cpus(const std::vector<unsigned>& cpus);
    thread_scheduling scheduling() const;
    void set_scheduling(const thread_scheduling& how);
    int priority() const;
    void set_priority(int priority);

    friend bool operator==(const handle&, const handle&) = default;

 private:
    friend class thread;
    friend class detail::thread_core;
    friend HEDDLE_API handle current_thread();
    friend HEDDLE_API handle main_thread();
    friend HEDDLE_API std::vector<handle> all_threads();

    explicit handle(std::shared_ptr<rt::thread_record> record) noexcept : record_(std::move(record)) {}
    pid_t living(const char* what) const;

    std::shared_ptr<rt::thread_record> record_;
};

/// The calling thread; also one that heddle did not start.
HEDDLE_API thread::handle current_thread();
/// The one in which main() runs; in the child of a fork, the one that forked.
HEDDLE_API thread::handle main_thread();
/// Those alive that heddle started (workers of pools among them), and main: that first, the others in the
/// order of their start.
HEDDLE_API std::vector<thread::handle> all_threads();
/// How many these are.
HEDDLE_API std::size_t thread_count();

/// Told what left a thread's function, and which thread it was, in that thread.
using thread_exception_hook = std::function<void(const thread::handle&, std::exception_ptr)>;
/// Replaces the hook; the default, also for an empty one, passes it on to the exception hook, which prints
/// one line. @return the former. Thread-safety: any task. Throws: std::bad_alloc.
HEDDLE_API thread_exception_hook set_thread_exception_hook(thread_exception_hook hook);

}  // namespace heddle::inline v0
