// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <algorithm>
#include <cstdlib>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/error.hpp>
#include <mutex>
#include "diagnose_books.hpp"
#include "diagnose_environment.hpp"
#include "diagnose_search.hpp"
#include "rt/process_wide.hpp"

namespace heddle::inline v0 {

namespace detail {

namespace {

using rt::clock;
constexpr auto& process = rt::detail::the_process;

lock_books* books() noexcept {
    return diagnosing_locks() ? process.lock_books.load(std::memory_order_acquire) : nullptr;
}

// Those who are in the middle of a look at the former books keep them, so they are never freed, only put
// aside.
constinit std::atomic<lock_books*> former_books{nullptr};

void replace(lock_books* fresh) noexcept {
    lock_books* const former = process.lock_books.exchange(fresh, std::memory_order_acq_rel);
    diagnosing.store(fresh != nullptr ? diagnosing_bit : 0, std::memory_order_relaxed);
    if (former == nullptr) return;
    former->put_aside_before = former_books.load(std::memory_order_relaxed);
    while (!former_books.compare_exchange_weak(former->put_aside_before, former, std::memory_order_release,
                                               std::memory_order_relaxed)) {
    }
}

// A forked child knows nothing of what its parent held, and its copy of the books may be half written.
const int at_fork = ::pthread_atfork(nullptr, nullptr, [] {
    const lock_books* const former = process.lock_books.load(std::memory_order_relaxed);
    if (former != nullptr) replace(new (std::nothrow) lock_books(former->options));
});

// Locks that are taken before this are not known of.
[[maybe_unused]] const bool environment_read = (diagnose_if_the_environment_says_so(), true);

known_task& entry_of(lock_books& b, const rt::task_context& task) {
    known_task& known = b.tasks[task.id()];
    if (known.name.empty()) known.name = task.name();
    return known;
}

known_lock& entry_of(lock_books& b, const lock_site& site) {
    const auto [at, fresh] = b.locks.try_emplace(site.address);
    if (fresh) {
        at->second.number = ++b.numbers;
        at->second.kind = site.kind;
        if (site.name != nullptr) at->second.name = site.name;
        b.places[at->second.number] = site.address;
    }
    return at->second;
}

void forget_if_idle(lock_books& b, task_number task) {
    const auto at = b.tasks.find(task);
    if (at != b.tasks.end() && at->second.held.empty() && !at->second.waits) b.tasks.erase(at);
}

void report_all(const lock_books& b, const std::vector<raw_finding>& findings) noexcept {
    try {
        for (const raw_finding& f : findings) report_finding(b, f.named());
    } catch (const std::bad_alloc&) {
        // Then without the report.
    }
}

std::chrono::nanoseconds held_long(const lock_books& b) noexcept {
    return b.options.held_long;
}

raw_finding held_too_long(const lock_books& b, const void* address, const known_lock& lock, const holding& h,
                          std::chrono::nanoseconds how_long) {
    raw_finding f{lock_problem::held_long, {task_name(b, h.task)}, {lock.text(address)}, {}, how_long};
    f.stacks.emplace_back(f.tasks.front() + " has held it since here:", h.stack);
    return f;
}

raw_finding starving(const lock_books& b, task_number task, const known_task& known, clock::time_point now) {
    const known_lock& lock = b.locks.at(known.waits->lock);
    raw_finding f{lock_problem::starved,
                  {task_name(b, task)},
                  {lock.text(known.waits->lock)},
                  {},
                  now - known.waits->since};
    f.stacks.emplace_back(f.tasks.front() + " waits here, and others have had the lock " +
                              std::to_string(lock.taken - known.waits->taken_before) + " times meanwhile:",
                          known.waits->stack);
    return f;
}

// Who waits on the thread of a loop for what is no lock: anybody may let him go on, so it need be no
// deadlock.
raw_finding holding_up(const lock_site& site, const rt::worker& loop, const raw_stack& stack) {
    known_lock what{};
    what.kind = site.kind != nullptr ? site.kind : "something";
    if (site.name != nullptr) what.name = site.name;
    const rt::task_context& me = rt::current_task();
    raw_finding f{
        lock_problem::held_up_loop, {task_text(me.id(), me.name())}, {what.text(site.address)}, {}, {}};
    f.stacks.emplace_back(f.tasks.front() + " blocks worker '" + loop.name() + "' here:", stack);
    return f;
}

bool starves(const lock_books& b, const waiting& w, clock::time_point now) {
    if (w.lock == nullptr || w.reported || b.options.starved.count() == 0 ||
        now - w.since < b.options.starved)
        return false;
    const auto at = b.locks.find(w.lock);
    return at != b.locks.end() && at->second.taken > w.taken_before;
}

// Looks after those who do not come by: who holds for long without end, and who waits for long.
void look_after(lock_books* b);

void look_again_later(lock_books* b) {
    auto period = std::chrono::nanoseconds(std::chrono::seconds(1));
    for (const auto limit : {b->options.held_long, b->options.starved})
        if (limit.count() > 0) period = std::min<std::chrono::nanoseconds>(period, limit / 4);
    period = std::max<std::chrono::nanoseconds>(period, std::chrono::milliseconds(1));
    start_timer(rt::deadline::after(period), [b] { look_after(b); });
}

void look_after(lock_books* b) {
    if (books() != b) return;
    std::vector<raw_finding> findings;
    {
        const std::lock_guard guard(b->lock);
        const auto now = clock::now();
        if (held_long(*b).count() != 0)
            for (auto& [address, lock] : b->locks)
                for (holding& h : lock.holders)
                    if (!h.reported && now - h.since >= held_long(*b)) {
                        h.reported = true;
                        findings.push_back(held_too_long(*b, address, lock, h, now - h.since));
                    }
        for (auto& [number, task] : b->tasks)
            if (task.waits && starves(*b, *task.waits, now)) {
                task.waits->reported = true;
                findings.push_back(starving(*b, number, task, now));
            }
    }
    report_all(*b, findings);
    look_again_later(b);
}

// What a deadlock comes to: a report, and an exception unless that is not wanted.
void settle(lock_books& b, const std::vector<raw_finding>& findings) {
    if (findings.empty()) return;
    report_all(b, findings);
    if (!b.options.throw_on_deadlock) return;
    std::string text = findings.front().named().text();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    diagnose_gave_up();
    throw deadlock_error(text);
}

template <class F> void quietly(F f) noexcept {
    try {
        f();
    } catch (const std::bad_alloc&) {
        // What does not fit in memory is not diagnosed.
    }
}

}  // namespace

std::string task_name(const lock_books& b, task_number number) {
    const auto at = b.tasks.find(number);
    return task_text(number, at == b.tasks.end() ? std::string() : at->second.name);
}

[[gnu::noinline]] void diagnose_before(const lock_site& site, bool limited) noexcept {
    lock_books* const b = books();
    if (b == nullptr || limited || !b->options.order) return;
    quietly([&, stack = raw_stack::here()] {
        const rt::task_context& me = rt::current_task();
        std::vector<raw_finding> findings;
        {
            const std::lock_guard guard(b->lock);
            const auto at = b->tasks.find(me.id());
            if (at == b->tasks.end() || at->second.held.empty()) return;
            entry_of(*b, site);
            for (const void* const held : at->second.held)
                if (held != site.address) note_order(*b, me.id(), held, site, stack, findings);
        }
        report_all(*b, findings);
    });
}

[[gnu::noinline]] void diagnose_wait(const lock_site& site, bool limited) {
    lock_books* const b = books();
    if (b == nullptr) return;
    std::vector<raw_finding> findings;
    bool first = false;
    quietly([&, stack = raw_stack::here()] {
        const rt::task_context& me = rt::current_task();
        const std::lock_guard guard(b->lock);
        known_lock& lock = entry_of(*b, site);
        ++lock.waited;
        entry_of(*b, me).waits = waiting{.lock = site.address,
                                         .shared = site.shared,
                                         .limited = limited,
                                         .since = clock::now(),
                                         .stack = stack,
                                         .taken_before = lock.taken};
        first = !std::exchange(b->watched, true);
        if (!limited) find_deadlock(*b, me.id(), findings);
    });
    if (first) quietly([b] { look_again_later(b); });
    settle(*b, findings);
}

[[gnu::noinline]] void diagnose_blocking(const lock_site& site) {
    lock_books* const b = books();
    const rt::worker* const here = rt::worker::current();
    if (b == nullptr || here == nullptr || rt::fiber_task::current() != nullptr) return;
    std::vector<raw_finding> findings;
    std::optional<raw_finding> held_up;
    quietly([&, stack = raw_stack::here()] {
        const task_number me = rt::current_task().id();
        const std::lock_guard guard(b->lock);
        const auto at = b->locks.find(site.address);
        if (at == b->locks.end()) {
            // The innermost frames make a place; further out is how the coroutine happened to be resumed.
            const int inner = std::min(stack.depth, 4);
            if (b->held_up.insert({stack.frames.begin(), stack.frames.begin() + inner}).second)
                held_up = holding_up(site, *here, stack);
            return;
        }
        for (const holding& h : at->second.holders) {
            // Of another task on this worker, which is busy here.
            if (h.worker != here || h.task == me) continue;
            raw_finding f{
                lock_problem::blocked_loop, {task_name(*b, me)}, {at->second.text(site.address)}, {}, {}};
            f.stacks.emplace_back(f.tasks.front() + " blocks worker '" + here->name() + "' here:", stack);
            f.stacks.emplace_back(task_name(*b, h.task) + ", of the same worker, has held it since here:",
                                  h.stack);
            findings.push_back(std::move(f));
            return;
        }
    });
    if (held_up) report_all(*b, {*std::move(held_up)});
    settle(*b, findings);
}

[[gnu::noinline]] void diagnose_locked(const lock_site& site) noexcept {
    lock_books* const b = books();
    if (b == nullptr) return;
    quietly([&, stack = raw_stack::here()] {
        const rt::task_context& me = rt::current_task();
        std::vector<raw_finding> findings;
        {
            const std::lock_guard guard(b->lock);
            const auto now = clock::now();
            known_lock& lock = entry_of(*b, site);
            known_task& task = entry_of(*b, me);
            if (task.waits && task.waits->lock == site.address) {
                const auto waited = now - task.waits->since;
                lock.total_wait += waited;
                lock.longest_wait = std::max(lock.longest_wait, waited);
                if (starves(*b, *task.waits, now)) findings.push_back(starving(*b, me.id(), task, now));
            }
            task.waits.reset();
            ++lock.taken;
            lock.holders.push_back({.task = me.id(),
                                    .shared = site.shared,
                                    .since = now,
                                    .stack = stack,
                                    .worker = rt::worker::current()});
            task.held.push_back(site.address);
        }
        report_all(*b, findings);
    });
}

void diagnose_gave_up() noexcept {
    lock_books* const b = books();
    if (b == nullptr) return;
    const task_number me = rt::current_task().id();
    const std::lock_guard guard(b->lock);
    const auto at = b->tasks.find(me);
    if (at == b->tasks.end()) return;
    at->second.waits.reset();
    forget_if_idle(*b, me);
}

void diagnose_unlocked(const void* address, bool shared) noexcept {
    lock_books* const b = books();
    if (b == nullptr) return;
    quietly([&] {
        const task_number me = rt::current_task().id();
        std::vector<raw_finding> findings;
        {
            const std::lock_guard guard(b->lock);
            const auto at = b->locks.find(address);
            if (at == b->locks.end()) return;
            auto& holders = at->second.holders;
            // One's own, or that of whoever has handed it over.
            auto mine = std::find_if(holders.begin(), holders.end(),
                                     [&](const holding& h) { return h.task == me && h.shared == shared; });
            if (mine == holders.end())
                mine = std::find_if(holders.begin(), holders.end(),
                                    [&](const holding& h) { return h.shared == shared; });
            if (mine == holders.end()) return;  // taken before diagnosis was on
            const auto held = clock::now() - mine->since;
            at->second.longest_hold = std::max(at->second.longest_hold, held);
            if (held_long(*b).count() != 0 && held >= held_long(*b) && !mine->reported)
                findings.push_back(held_too_long(*b, address, at->second, *mine, held));
            const task_number holder = mine->task;
            holders.erase(mine);
            if (const auto task = b->tasks.find(holder); task != b->tasks.end()) {
                auto& all = task->second.held;
                if (const auto one = std::find(all.begin(), all.end(), address); one != all.end())
                    all.erase(one);
                forget_if_idle(*b, holder);
            }
        }
        report_all(*b, findings);
    });
}

void diagnose_destroyed(const void* address) noexcept {
    lock_books* const b = books();
    if (b == nullptr) return;
    quietly([&] {
        std::vector<raw_finding> findings;
        {
            const std::lock_guard guard(b->lock);
            const auto at = b->locks.find(address);
            if (at == b->locks.end()) return;
            const lock_number number = at->second.number;
            for (const holding& h : at->second.holders) {
                raw_finding f{lock_problem::destroyed_in_use,
                              {task_name(*b, h.task)},
                              {at->second.text(address)},
                              {},
                              {}};
                f.stacks.emplace_back(f.tasks.front() + " has held it since here:", h.stack);
                findings.push_back(std::move(f));
                if (const auto task = b->tasks.find(h.task); task != b->tasks.end())
                    std::erase(task->second.held, address);
            }
            b->order.erase(number);
            for (auto& [from, edges] : b->order) edges.erase(number);
            b->places.erase(number);
            b->locks.erase(at);
        }
        report_all(*b, findings);
    });
}

[[gnu::noinline]] void diagnose_join(std::uint64_t task, const char* name) {
    lock_books* const b = books();
    if (b == nullptr) return;
    std::vector<raw_finding> findings;
    quietly([&, stack = raw_stack::here()] {
        const rt::task_context& me = rt::current_task();
        const std::lock_guard guard(b->lock);
        known_task& other = b->tasks[task];
        if (other.name.empty()) other.name = name;
        entry_of(*b, me).waits = waiting{.task = task, .since = clock::now(), .stack = stack};
        find_deadlock(*b, me.id(), findings);
        forget_if_idle(*b, task);
    });
    settle(*b, findings);
}

}  // namespace detail

void enable_lock_diagnosis(lock_diagnosis_options options) {
    detail::replace(new detail::lock_books(std::move(options)));
}

void disable_lock_diagnosis() noexcept {
    detail::replace(nullptr);
}

bool lock_diagnosis_enabled() noexcept {
    return detail::diagnosing_locks();
}

std::vector<lock_activity> lock_snapshot() {
    using namespace detail;
    lock_books* const b = books();
    if (b == nullptr) return {};
    std::vector<lock_activity> result;
    std::vector<std::vector<raw_stack>> stacks;  // of the holders and waiters of each lock
    {
        const std::lock_guard guard(b->lock);
        const auto now = rt::clock::now();
        for (const auto& [address, lock] : b->locks) {
            lock_activity a{.address = address,
                            .kind = lock.kind,
                            .name = lock.name,
                            .holders = {},
                            .waiters = {},
                            .taken = lock.taken,
                            .waited = lock.waited,
                            .total_wait = lock.total_wait,
                            .longest_wait = lock.longest_wait,
                            .longest_hold = lock.longest_hold};
            auto& raw = stacks.emplace_back();
            for (const holding& h : lock.holders) {
                const auto at = b->tasks.find(h.task);
                a.holders.push_back({h.task,
                                     at == b->tasks.end() ? std::string() : at->second.name,
                                     h.shared,
                                     now - h.since,
                                     {"taken", {}}});
                raw.push_back(h.stack);
            }
            for (const auto& [number, task] : b->tasks) {
                if (!task.waits || task.waits->lock != address) continue;
                a.waiters.push_back(
                    {number, task.name, task.waits->shared, now - task.waits->since, {"waits", {}}});
                raw.push_back(task.waits->stack);
            }
            result.push_back(std::move(a));
        }
    }
    // Not under the lock: naming takes that of the dynamic linker.
    for (std::size_t i = 0; i < result.size(); ++i) {
        std::size_t k = 0;
        for (lock_user& u : result[i].holders) u.where = stacks[i][k++].named(u.where.caption);
        for (lock_user& u : result[i].waiters) u.where = stacks[i][k++].named(u.where.caption);
    }
    return result;
}

}  // namespace heddle::inline v0
