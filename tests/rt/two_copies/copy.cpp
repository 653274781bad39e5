// SPDX-License-Identifier: BSL-1.0
#include "copy.hpp"

#include <heddle/heddle.hpp>

namespace heddle::inline v0::detail {
struct shared_mutex_probe {
    static void bias(shared_mutex& m) { m.state_.fetch_or(shared_mutex::biased | shared_mutex::slots); }
};
}  // namespace heddle::inline v0::detail

using namespace std::chrono_literals;
using namespace heddle;

namespace {

int* reports = nullptr;

struct step final : rt::runnable {
    step(void (*call)(void*), void* with) : runnable(&on_run), f(call), argument(with) {}
    static void on_run(rt::runnable& r) noexcept { static_cast<step&>(r).f(static_cast<step&>(r).argument); }
    void (*f)(void*);
    void* argument;
};

task<int> wait_at(const void* address) {
    rt::async_park first(address, [] { return true; });
    const bool granted = co_await first == rt::wait_outcome::granted;
    co_await sleep(1ms);
    // A spawned child and a chain of awaits, which go through what the thread knows about loops and
    // coroutines.
    co_return granted&& co_await spawn([]() -> task<bool> {
        co_await yield();
        co_return event_loop::current() != nullptr;
    }())
        ? 42
        : 0;
}

}  // namespace

extern "C" {
__attribute__((visibility("default"))) extern const copy COPY;
}
const copy COPY{
    .code = [] { return reinterpret_cast<const void*>(&version); },
    .park =
        [](const void* address) {
            return rt::park(
                       address, [] { return true; }, rt::deadline::after(60s)) == rt::wait_outcome::granted;
        },
    .parked = [](const void* address) { return rt::parking_lot::count(address); },
    .unpark = [](const void* address) { rt::parking_lot::unpark_all(address); },
    .current_task = []() -> const void* { return &rt::current_task(); },
    .as_a_task =
        [](const void* (*f)(), const void** made, const void** seen) {
            rt::task_context context;
            const rt::task_scope scope(&context);
            *made = &context;
            *seen = f();
        },
    .new_task_id = [] { return rt::task_context().id(); },
    .count_reports =
        [](int* count) {
            reports = count;
            set_exception_hook([](std::exception_ptr, std::string_view) noexcept { ++*reports; });
        },
    .report = [] { rt::report_exception(std::make_exception_ptr(1), "a test"); },
    .lock_word = [](void* word) { static_cast<rt::word_lock*>(word)->lock(); },
    .try_word = [](void* word) { return static_cast<rt::word_lock*>(word)->try_lock(); },
    .unlock_word = [](void* word) { static_cast<rt::word_lock*>(word)->unlock(); },
    .on_a_fiber =
        [](void (*f)(void*), void (*meanwhile)(void*), void* argument) {
            rt::worker w;
            bool done = false;
            rt::fiber_task::start(w, {}, [&] {
                f(argument);
                done = true;
            });
            step then(meanwhile, argument);
            w.post(then);
            w.run(nullptr, [&] { return done; });
        },
    .run =
        [](void* t) {
            const std::unique_ptr<task<int>> owner(static_cast<task<int>*>(t));
            return heddle::run(std::move(*owner));
        },
    .make_task = [](const void* address) -> void* { return new task<int>(wait_at(address)); },
    .name = [](void* name, const char* text) { ::new (name) detail::lock_name(text); },
    .read = [](const void* name) { return static_cast<const detail::lock_name*>(name)->get(); },
    .forget = [](void* name) { static_cast<detail::lock_name*>(name)->~lock_name(); },
    .bias = [](void* lock) { detail::shared_mutex_probe::bias(*static_cast<shared_mutex*>(lock)); },
    .try_lock = [](void* lock) { return static_cast<shared_mutex*>(lock)->try_lock(); },
    .try_lock_shared = [](void* lock) { return static_cast<shared_mutex*>(lock)->try_lock_shared(); },
    .unlock_shared = [](void* lock) { static_cast<shared_mutex*>(lock)->unlock_shared(); },
    .process_main = [] { process_main(); },
    .has_processes =
        [] {
            try {
                const process_pool pool(1);
                return true;
            } catch (const broken_pool&) {
                return false;
            }
        },
};
