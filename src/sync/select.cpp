// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <heddle/sync/detail/select_race.hpp>
#include <utility>

namespace heddle::inline v0::detail {

namespace {

// Whose turn it is to be tried first need not be a secret: a counter, mixed (splitmix64, G. Steele, D. Lea,
// C. Flood 2014), is fair, costs no system call and is the same in every run under the checker.
std::uint64_t draw() noexcept {
    static constinit std::atomic<std::uint64_t> drawn{0};
    // relaxed: any number will do.
    std::uint64_t z = drawn.fetch_add(0x9E3779B97F4A7C15ULL, std::memory_order_relaxed);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

}  // namespace

// The node has been taken out by one who has won for it, and who does not touch it after this.
void select_node::on_wake(rt::waiter& w, rt::wait_outcome /*outcome*/) noexcept {
    auto& self = static_cast<select_node&>(w);
    select_race& race = *self.race_;
    const std::uintptr_t token = self.token();
    // Under the lock, so that the task is either not queued yet, and sees it, or is woken.
    rt::parking_lot::unpark_one(race.address(), [&race, token](const rt::unpark_result&) {
        race.token_ = token;
        race.delivered_.store(true, std::memory_order_release);
        return std::uintptr_t{1};
    });
}

select_race::select_race(std::span<select_node*> nodes) noexcept : nodes_(nodes) {
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i]->number = i;
}

select_race::~select_race() {
    leave_all();
}

void select_race::shuffle() noexcept {
    std::uint64_t random = draw();
    for (std::size_t left = nodes_.size(); left > 1; --left) {
        std::swap(nodes_[left - 1], nodes_[random % left]);
        random = random / left ^ random << 17;
    }
}

select_node* select_race::poll() {
    shuffle();
    for (select_node* const n : nodes_)
        if (n->try_now()) return happened_ = n;
    return nullptr;
}

// Ends the round for this task itself; false if somebody has won already.
bool select_race::give_up() noexcept {
    std::uint32_t open = 0;
    return winner_.compare_exchange_strong(open, nobody, std::memory_order_relaxed);
}

void select_race::leave_all() noexcept {
    for (select_node* const n : nodes_)
        if (std::exchange(n->queued_here_, false)) rt::parking_lot::withdraw(*n);
}

select_race::step select_race::begin() {
    if (poll() != nullptr) return step::done;
    ++rounds_;
    winner_.store(0, std::memory_order_relaxed);
    delivered_.store(false, std::memory_order_relaxed);
    given_up_for_ = rt::wait_outcome::granted;
    const rt::task_context* const me = &rt::current_task();
    for (select_node* const n : nodes_) {
        n->race_ = this;
        n->set_task(me);
        n->set_tag(n->target().as_tag());
        n->target().enter(winner_, static_cast<std::uint32_t>(n->number) + 1);
        // Set before: once it is queued it may be taken out.
        n->queued_here_ = true;
        if (rt::parking_lot::enqueue(*n, n->address(), [n] { return n->must_wait(); })) continue;
        n->queued_here_ = false;
        if (!give_up()) return step::wait_on;  // another has happened meanwhile
        leave_all();
        return n->try_now() ? (happened_ = n, step::done) : step::again;
    }
    return step::wait;
}

select_race::step select_race::end(rt::wait_outcome outcome) {
    if (delivered_.load(std::memory_order_acquire)) return finish_round();
    switch (outcome) {
        case rt::wait_outcome::timed_out:
        case rt::wait_outcome::cancelled:
            given_up_for_ = outcome;
            if (!give_up()) return step::wait_on;
            leave_all();
            return outcome == rt::wait_outcome::timed_out ? step::timed_out : step::cancelled;
        default:
            // Woken by one who meant another that was here before.
            return winner_.load(std::memory_order_relaxed) == 0 ? step::wait : step::wait_on;
    }
}

// Somebody has won, and has left what there was.
select_race::step select_race::finish_round() {
    const std::uint32_t winner = winner_.load(std::memory_order_relaxed);
    select_node* won = nullptr;
    for (select_node* const n : nodes_)
        if (n->number + 1 == winner) won = n;
    won->queued_here_ = false;
    leave_all();
    if (won->was_done(token_) || won->try_now()) {
        happened_ = won;
        // A request to stop that came at the same moment stays for the next point of cancellation.
        if (given_up_for_ == rt::wait_outcome::cancelled) rt::current_task().deliver_again();
        return step::done;
    }
    switch (given_up_for_) {
        case rt::wait_outcome::timed_out:
            return step::timed_out;
        case rt::wait_outcome::cancelled:
            return step::cancelled;
        default:
            return step::again;
    }
}

std::chrono::microseconds select_race::pause() const noexcept {
    constexpr unsigned at_once = 4;
    if (rounds_ < at_once) return {};
    return std::chrono::microseconds(1 + draw() % 50);
}

select_node* select_here(std::span<select_node*> nodes, rt::deadline until) {
    select_race race(nodes);
    for (bool first = true;; first = false) {
        select_race::step now = race.begin();
        if (first && now == select_race::step::wait && diagnosing_locks() && !until.expired()) [[unlikely]]
            diagnose_blocking({race.address(), "select", nullptr});
        while (now == select_race::step::wait || now == select_race::step::wait_on) {
            const bool limited = now == select_race::step::wait;
            const auto must_wait = [&race] { return race.must_wait(); };
            std::uintptr_t token = 0;
            now = race.end(rt::park({.address = race.address(),
                                     .validate = must_wait,
                                     .until = limited ? until : rt::deadline::never(),
                                     .mode = limited ? rt::cancellation::observed : rt::cancellation::ignored,
                                     .kind = "select"},
                                    token));
        }
        switch (now) {
            case select_race::step::done:
                return race.happened();
            case select_race::step::timed_out:
                return nullptr;
            case select_race::step::cancelled:
                throw cancelled();
            default:
                break;
        }
        if (const auto pause = race.pause(); pause.count() != 0)
            rt::park(race.address(), [] { return true; }, rt::deadline::after(pause));
        if (until.expired()) return race.poll();
    }
}

}  // namespace heddle::inline v0::detail
