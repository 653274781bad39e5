// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <atomic>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <heddle/sync/thread.hpp>
#include <mutex>
#include <utility>
#include "thread_hook.hpp"

namespace heddle::inline v0 {

namespace detail {

namespace {

/// What the creator and the thread share until the function runs.
struct launch {
    launch(std::shared_ptr<rt::thread_record> r, std::unique_ptr<thread_body> b, thread_options o)
        : record(std::move(r)),
          body(std::move(b)),
          options(std::move(o)) {}

    std::shared_ptr<rt::thread_record> record;
    std::unique_ptr<thread_body> body;
    thread_options options;
    std::exception_ptr refused;
    std::atomic<bool> settled{false};  // the system has taken or refused what it was asked for

    bool asks() const noexcept { return !options.cpus.empty() || options.scheduling.has_value(); }
    // In the thread itself.
    void settle() noexcept {
        try {
            if (!options.cpus.empty()) set_cpus(0, options.cpus);
            if (options.scheduling) set_scheduling(0, *options.scheduling);
        } catch (...) {
            refused = std::current_exception();
        }
        settled.store(true, std::memory_order_release);
        rt::parking_lot::unpark_all(&settled);
    }
    void wait_until_settled() {
        const auto not_yet = [this] { return !settled.load(std::memory_order_relaxed); };
        while (!settled.load(std::memory_order_acquire)) rt::park(&settled, not_yet);
    }
};

/// What is passed to the thread, and kept until it ends.
struct passed_on : rt::thread_end {
    explicit passed_on(std::shared_ptr<launch> l) noexcept : thread_end{&at_end}, shared(std::move(l)) {}
    static void at_end(thread_end& self) noexcept {
        const std::unique_ptr<passed_on> mine(static_cast<passed_on*>(&self));
        mine->shared->record->end();
    }
    std::shared_ptr<launch> shared;
};

void call(thread_body& body, const rt::thread_record& record, const thread::handle& self) {
    try {
        body.run(record.stop.get_token());
    } catch (const cancelled&) {
        // It has stopped because it was asked to.
    } catch (const abi::__forced_unwind&) {
        throw;  // pthread_exit()
    } catch (...) {
        report_from_thread(self, std::current_exception());
    }
}

}  // namespace

/// A thread as its owner has it.
class thread_core {
 public:
    thread_core(thread_options options, std::unique_ptr<thread_body> body)
        : record_(std::make_shared<rt::thread_record>(options.name.empty() ? rt::thread_record::next_name()
                                                                           : options.name)),
          body_(std::move(body)),
          options_(std::move(options)) {
        record_->daemon = options_.daemon;
        record_->stop = std::stop_source();
    }

    rt::thread_record& record() const noexcept { return *record_; }
    const std::shared_ptr<rt::thread_record>& shared() const noexcept { return record_; }
    thread::handle as_handle() const noexcept { return thread::handle(record_); }
    bool started() const noexcept { return record_->now() != rt::thread_record::created; }
    bool here() const { return rt::thread_record::current() == record_; }

    void start() {
        if (!record_->step(rt::thread_record::created, rt::thread_record::running))
            throw invalid_state("thread '" + record_->context.name() + "' has been started before");
        const auto shared = std::make_shared<launch>(record_, std::move(body_), std::move(options_));
        const bool asks = shared->asks();  // the thread takes the rest
        record_->enter();
        try {
            auto passed = std::make_unique<passed_on>(shared);
            // From here on the thread may destroy this, which then is not touched any more.
            rt::start_thread(thread_, &run, passed.get(), shared->options.stack_size);
            passed.release();  // NOLINT: run() owns it
        } catch (...) {
            give_back(*shared);
            throw;
        }
        if (!asks) return;
        shared->wait_until_settled();
        if (shared->refused == nullptr) return;
        rt::join_thread(thread_);
        give_back(*shared);
        std::rethrow_exception(shared->refused);
    }

    /// Once it has finished: waits until it is gone from the system too, which is a moment later.
    void reap() noexcept {
        const std::lock_guard guard(reaping_);
        if (!std::exchange(reaped_, true)) rt::join_thread(thread_);
    }
    /// The same, unless that takes a moment.
    void try_reap() noexcept {
        const std::unique_lock guard(reaping_, std::try_to_lock);
        if (guard.owns_lock() && !reaped_) reaped_ = rt::try_join_thread(thread_);
    }
    void let_go() noexcept { rt::detach_thread(thread_); }

 private:
    void give_back(launch& shared) noexcept {
        record_->leave();
        body_ = std::move(shared.body);
        options_ = std::move(shared.options);
        record_->step(rt::thread_record::running, rt::thread_record::created);
    }

    static void* run(void* argument) {
        std::unique_ptr<passed_on> passed(static_cast<passed_on*>(argument));
        const std::shared_ptr<launch> shared = passed->shared;
        const std::shared_ptr<rt::thread_record> record = shared->record;
        rt::set_thread_name(record->context.name());
        if (shared->asks()) {
            shared->settle();
            if (shared->refused != nullptr) return nullptr;
        }
        record->begin();
        // The end is announced when the thread_local objects are gone too: who has joined finds nothing of
        // them, and does not wait for them in the system, where nobody could end that wait.
        const struct ending {
            passed_on* passed;
            ~ending() {
                passed->shared->record->context.end_locals();
                if (!rt::at_thread_end(*passed)) passed_on::at_end(*passed);
            }
        } at_end{passed.release()};
        // The closure goes before the end is announced: whoever has joined finds nothing of it alive.
        const std::unique_ptr<thread_body> body = std::move(shared->body);
        const std::stop_callback tie(shared->options.stop, [&record] { record->request_stop(); });
        call(*body, *record, thread::handle(record));
        return nullptr;
    }

    std::shared_ptr<rt::thread_record> record_;
    std::unique_ptr<thread_body> body_;
    thread_options options_;
    pthread_t thread_{};
    rt::word_lock reaping_;
    bool reaped_ = false;
};

thread_join::thread_join(thread_core* core, rt::deadline until)
    : operation(core->record().address(), until, rt::cancellation::ignored),
      core_(core),
      record_(core->shared()),
      name_(record_->context.name()) {}

bool thread_join::ready() {
    if (record_->now() == rt::thread_record::created)
        throw invalid_state("thread '" + name_ + "' is joined before it was started");
    if (core_->here()) throw deadlock_error("thread '" + name_ + "' waits for its own end");
    over_ = record_->over();
    if (!over_ && until().is_never() && diagnosing_locks())
        diagnose_join(record_->context.id(), name_.c_str());
    return over_;
}

bool thread_join::ended(rt::wait_outcome outcome, std::uintptr_t /*token*/) noexcept {
    over_ = record_->over();
    const bool done = over_ || outcome == rt::wait_outcome::timed_out;
    if (done && diagnosing_locks()) diagnose_gave_up();
    return done;
}

void thread_join::result() {
    if (!over_) return;
    if (until().is_never())
        core_->reap();
    else
        core_->try_reap();
}

}  // namespace detail

thread::thread() noexcept = default;
thread::thread(thread&& other) noexcept = default;

thread::thread(thread_options options, std::unique_ptr<detail::thread_body> body) {
    const bool now = options.start;
    core_ = std::make_unique<detail::thread_core>(std::move(options), std::move(body));
    if (now) start();
}

thread& thread::operator=(thread&& other) noexcept {
    if (this != &other) {
        end();
        core_ = std::move(other.core_);
    }
    return *this;
}

thread::~thread() {
    end();
}

void thread::end() noexcept {
    if (core_ == nullptr) return;
    if (core_->started()) {
        if ((core_->record().daemon && !core_->record().over()) || core_->here())
            core_->let_go();
        else
            join_at_the_end();
    }
    core_.reset();
}

// Whatever lock diagnosis thinks of it: a destructor cannot throw.
void thread::join_at_the_end() noexcept {
    detail::thread_join op(core_.get(), rt::deadline::never());
    if (!core_->record().over()) detail::wait_here(op);
    core_->reap();
}

detail::thread_core& thread::core() const {
    if (core_ == nullptr) detail::throw_empty("thread");
    return *core_;
}

void thread::start() {
    core().start();
}

void thread::request_stop() {
    core().record().request_stop();
}

std::stop_token thread::stop_token() const {
    return core().record().stop.get_token();
}

bool thread::try_join() {
    detail::thread_join op(&core(), rt::deadline(rt::clock::time_point()));
    if (!op.ready()) return false;
    op.result();
    return true;
}

bool thread::join_until(rt::deadline until) {
    detail::thread_join op(&core(), until);
    if (!op.ready()) detail::wait_here(op);
    op.result();
    return op.over();
}

thread::handle thread::get_handle() const {
    return core().as_handle();
}

thread_state thread::state() const {
    return get_handle().state();
}
std::string thread::blocked_on() const {
    return get_handle().blocked_on();
}
bool thread::alive() const {
    return get_handle().alive();
}
std::string thread::name() const {
    return get_handle().name();
}
void thread::set_name(std::string name) {
    get_handle().set_name(std::move(name));
}
bool thread::daemon() const {
    return get_handle().daemon();
}
std::uint64_t thread::id() const {
    return get_handle().id();
}
pid_t thread::native_id() const {
    return get_handle().native_id();
}
std::vector<unsigned> thread::cpus() const {
    return get_handle().cpus();
}
void thread::set_cpus(const std::vector<unsigned>& cpus) {
    get_handle().set_cpus(cpus);
}
thread_scheduling thread::scheduling() const {
    return get_handle().scheduling();
}
void thread::set_scheduling(const thread_scheduling& how) {
    get_handle().set_scheduling(how);
}
int thread::priority() const {
    return get_handle().priority();
}
void thread::set_priority(int priority) {
    get_handle().set_priority(priority);
}

void thread::set_daemon(bool daemon) {
    if (core().started())
        throw invalid_state("whether thread '" + name() + "' is a daemon is settled at its start");
    core().record().daemon = daemon;
}

}  // namespace heddle::inline v0
