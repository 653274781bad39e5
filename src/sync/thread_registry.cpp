// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>
#include <cstdio>
#include <heddle/rt/error.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/thread.hpp>

namespace heddle::inline v0 {

namespace {

std::string text_of(const rt::wait_site& site) {
    std::string text = site.kind.empty() ? "a primitive" : site.kind;
    if (!site.name.empty()) return text + " '" + site.name + "'";
    if (site.kind == "time") return text;
    char address[32];
    std::snprintf(address, sizeof address, " at %p", site.address);
    return text + address;
}

}  // namespace

pid_t thread::handle::native_id() const {
    // It says so itself, first thing.
    detail::brief_wait pause;
    while (record_->native_id() == 0 && record_->now() == rt::thread_record::running) pause.again();
    return record_->native_id();
}

void thread::handle::set_name(std::string name) {
    if (alive()) rt::set_thread_name(native_id(), name);
    record_->context.set_name(std::move(name));
}

bool thread::handle::alive() const noexcept {
    return record_->now() == rt::thread_record::running;
}

thread_state thread::handle::state() const {
    switch (record_->now()) {
        case rt::thread_record::created:
            return thread_state::created;
        case rt::thread_record::finished:
            return thread_state::finished;
        default:
            break;
    }
    if (record_ == rt::thread_record::current()) return thread_state::running;
    if (record_->context.waits_for()) return thread_state::blocked;
    switch (rt::activity_of(native_id()).what) {
        case rt::thread_activity::runnable:
            return thread_state::runnable;
        case rt::thread_activity::blocked:
        case rt::thread_activity::stopped:
            return thread_state::blocked;
        default:
            return record_->over() ? thread_state::finished : thread_state::running;
    }
}

std::string thread::handle::blocked_on() const {
    if (!alive() || record_ == rt::thread_record::current()) return {};
    if (const auto site = record_->context.waits_for()) return text_of(*site);
    const auto activity = rt::activity_of(native_id());
    if (activity.what == rt::thread_activity::stopped) return "a signal or a debugger";
    if (activity.what != rt::thread_activity::blocked) return {};
    return activity.in.empty() ? "the system" : activity.in;
}

pid_t thread::handle::living(const char* what) const {
    if (!alive()) throw invalid_state(std::string(what) + " of thread '" + name() + "', which does not run");
    return native_id();
}

std::vector<unsigned> thread::handle::cpus() const {
    return detail::cpus_of(living("the CPUs"));
}
void thread::handle::set_cpus(const std::vector<unsigned>& cpus) {
    detail::set_cpus(living("the CPUs"), cpus);
}
thread_scheduling thread::handle::scheduling() const {
    return detail::scheduling_of(living("the scheduling"));
}
void thread::handle::set_scheduling(const thread_scheduling& how) {
    detail::set_scheduling(living("the scheduling"), how);
}
int thread::handle::priority() const {
    const thread_scheduling how = scheduling();
    return how.kind == scheduling_class::fifo || how.kind == scheduling_class::round_robin ? how.priority
                                                                                           : how.nice;
}
void thread::handle::set_priority(int priority) {
    detail::set_priority(living("the priority"), priority);
}

thread::handle current_thread() {
    return thread::handle(rt::thread_record::current());
}

thread::handle main_thread() {
    return thread::handle(rt::thread_record::main());
}

std::vector<thread::handle> all_threads() {
    std::vector<thread::handle> threads;
    for (auto& record : rt::thread_record::all()) threads.push_back(thread::handle(std::move(record)));
    return threads;
}

std::size_t thread_count() {
    return rt::thread_record::count();
}

}  // namespace heddle::inline v0
