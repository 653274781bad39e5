// SPDX-License-Identifier: BSL-1.0
#include "thread_hook.hpp"

#include <heddle/rt/exception_hook.hpp>
#include <memory>
#include <mutex>
#include <utility>
#include "rt/process_wide.hpp"

namespace heddle::inline v0 {

namespace detail {

/// The hook that was set, of all copies of heddle in the process; never destroyed.
struct thread_hook {
    std::shared_ptr<const thread_exception_hook> hook;  // null for the default
};

namespace {

constexpr auto& process = rt::detail::the_process;

void pass_on(const thread::handle& from, std::exception_ptr error) {
    rt::report_exception(std::move(error), "thread '" + from.name() + "'");
}

// Under the lock.
thread_hook& the_hook() {
    if (process.thread_hook == nullptr) process.thread_hook = new thread_hook;
    return *process.thread_hook;
}

}  // namespace

void report_from_thread(const thread::handle& from, std::exception_ptr error) noexcept {
    try {
        std::shared_ptr<const thread_exception_hook> hook;
        {
            const std::lock_guard guard(process.books);
            if (process.thread_hook != nullptr) hook = process.thread_hook->hook;
        }
        if (hook == nullptr)
            pass_on(from, std::move(error));
        else
            (*hook)(from, std::move(error));
    } catch (...) {
        rt::report_exception(std::current_exception(), "the hook for exceptions of threads threw");
    }
}

}  // namespace detail

thread_exception_hook set_thread_exception_hook(thread_exception_hook hook) {
    std::shared_ptr<const thread_exception_hook> wanted;
    if (hook) wanted = std::make_shared<const thread_exception_hook>(std::move(hook));
    {
        const std::lock_guard guard(detail::process.books);
        detail::the_hook().hook.swap(wanted);
    }
    return wanted == nullptr ? thread_exception_hook(&detail::pass_on) : *wanted;
}

}  // namespace heddle::inline v0
