// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <cstdio>
#include <cstdlib>
#include <heddle/rt/exception_hook.hpp>
#include "diagnose_books.hpp"

namespace heddle::inline v0 {

namespace detail {

namespace {

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                      &std::free);
    return text != nullptr ? text.get() : name;
}

std::string hex(std::uintptr_t n) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(n));
    return text;
}

// "function+0x12 (program+0x1234)": the second is what addr2line and debuggers take.
std::string frame_text(void* address) {
    // A return address is that of the next instruction, which may be the next function's.
    const auto at = reinterpret_cast<std::uintptr_t>(address) - 1;
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(at), &info) == 0 || info.dli_fname == nullptr) return hex(at);
    std::string text;
    if (info.dli_sname != nullptr)
        text = demangled(info.dli_sname) + "+" + hex(at - reinterpret_cast<std::uintptr_t>(info.dli_saddr)) +
               " ";
    std::string module = info.dli_fname;
    if (const auto slash = module.rfind('/'); slash != std::string::npos) module.erase(0, slash + 1);
    return text + "(" + module + "+" + hex(at - reinterpret_cast<std::uintptr_t>(info.dli_fbase)) + ")";
}

const char* title(lock_problem what) noexcept {
    switch (what) {
        case lock_problem::self_deadlock:
            return "deadlock: a task waits for what it holds itself";
        case lock_problem::cycle:
            return "deadlock: tasks wait for each other";
        case lock_problem::order:
            return "possible deadlock: locks are taken in orders that could lead to one";
        case lock_problem::held_long:
            return "a lock is held for long";
        case lock_problem::starved:
            return "a task starves: others get the lock that it waits for";
        case lock_problem::destroyed_in_use:
            return "a lock is destroyed that somebody holds";
        case lock_problem::blocked_loop:
            return "deadlock: a worker waits for a lock whose holder needs that worker to go on";
        case lock_problem::held_up_loop:
            return "a loop is held up: what runs on it waits without co_await";
    }
    return "a problem";
}

}  // namespace

[[gnu::noinline]] raw_stack raw_stack::here() noexcept {
    raw_stack stack;
    void* found[most + 2];
    const int n = ::backtrace(found, most + 2);
    // Without this function and the one in diagnose.cpp that called it.
    for (int i = 2; i < n; ++i) stack.frames[static_cast<std::size_t>(stack.depth++)] = found[i];
    return stack;
}

lock_stack raw_stack::named(std::string caption) const {
    lock_stack result{std::move(caption), {}};
    for (int i = 0; i < depth; ++i) result.frames.push_back(frame_text(frames[static_cast<std::size_t>(i)]));
    return result;
}

std::string known_lock::text(const void* address) const {
    return std::string(kind) +
           (name.empty() ? " " + hex(reinterpret_cast<std::uintptr_t>(address)) : " '" + name + "'");
}

std::string task_text(task_number number, const std::string& name) {
    return name.empty() ? "task " + std::to_string(number) : "'" + name + "'";
}

std::string duration_text(std::chrono::nanoseconds d) {
    char text[32];
    const auto ns = static_cast<double>(d.count());
    if (ns < 1e6)
        std::snprintf(text, sizeof text, "%.0f us", ns / 1e3);
    else if (ns < 1e9)
        std::snprintf(text, sizeof text, "%.0f ms", ns / 1e6);
    else
        std::snprintf(text, sizeof text, "%.1f s", ns / 1e9);
    return text;
}

void report_finding(const lock_books& books, const lock_finding& finding) noexcept {
    try {
        if (books.options.report)
            books.options.report(finding);
        else
            std::fputs(finding.text().c_str(), stderr);
    } catch (...) {
        rt::report_exception(std::current_exception(), "the report of a lock finding threw");
    }
}

}  // namespace detail

std::string lock_finding::text() const {
    std::string result = std::string("heddle: ") + detail::title(what) + "\n";
    for (std::size_t i = 0; i < tasks.size() && i < locks.size(); ++i) {
        result += "  " + tasks[i];
        switch (what) {
            case lock_problem::held_long:
            case lock_problem::destroyed_in_use:
                result += " holds ";
                break;
            case lock_problem::order:
                result += " takes ";
                break;
            default:
                result += " waits for ";
        }
        result += locks[i];
        if (how_long.count() != 0) result += " (for " + detail::duration_text(how_long) + ")";
        result += "\n";
    }
    for (const lock_stack& stack : stacks) {
        result += "  " + stack.caption + "\n";
        for (const std::string& frame : stack.frames) result += "    " + frame + "\n";
    }
    return result;
}

std::string lock_dump() {
    std::string result;
    for (const lock_activity& lock : lock_snapshot()) {
        if (lock.holders.empty() && lock.waiters.empty()) continue;
        result += lock.kind;
        if (!lock.name.empty())
            result += " '" + lock.name + "'";
        else
            result += " " + detail::hex(reinterpret_cast<std::uintptr_t>(lock.address));
        result += "\n";
        const auto list = [&](const std::vector<lock_user>& users, const char* verb) {
            for (const lock_user& u : users)
                result += std::string("  ") + verb + " by " + detail::task_text(u.task, u.name) +
                          (u.shared ? " for reading" : "") + " for " + detail::duration_text(u.since) + "\n";
        };
        list(lock.holders, "held");
        list(lock.waiters, "waited for");
    }
    return result;
}

}  // namespace heddle::inline v0
