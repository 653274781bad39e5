// SPDX-License-Identifier: BSL-1.0
#pragma once

// A value of its own for every task: thread, pool task or coroutine. It follows a task from thread to thread,
// which thread_local does not, and goes when the task ends.

#include <concepts>
#include <exception>
#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/task_locals.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

/// With what a task begins that another one starts.
enum class inheritance {
    initial,    ///< with the initial value, as every task
    inherited,  ///< with a copy of what the other has at that moment, if it has one
};

/// A value of type T in each task that uses it.
///
/// A task that co_awaits a task<T> is one task with it, and so has one value. Thread-safety: the object from
/// any task, but for its destructor; the references belong to the task that asked. Complexity: an allocation
/// at a task's first use, and now and then one for the table of the task; finding a value takes no lock. A
/// value goes with its task or with the local, whichever is first.
template <class T> class local {
    static_assert(std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>>,
                  "heddle: a local holds an object that is not const");

 public:
    using value_type = T;

    /// Begins as T() in each task.
    local()
        requires std::default_initializable<T>
    = default;
    /// Begins as what `initial()` gives, called in each task at its first use. An inherited one is copied
    /// when the other task is made, by the one who makes it. Throws: std::bad_alloc; std::invalid_argument
    /// for inheriting what cannot be copied.
    explicit local(std::function<T()> initial, inheritance kind = inheritance::initial)
        : initial_(std::move(initial)),
          copy_(kind == inheritance::inherited ? checked(copy_of()) : nullptr) {}
    /// Destroys the values in all tasks. None of them may be using this one or its value.
    ~local() = default;
    local(const local&) = delete;
    local& operator=(const local&) = delete;

    /// The value of the current task; made at its first use. Throws: what making it does, std::bad_alloc; and
    /// then there is none.
    T& get() {
        if (holder* const h = find()) [[likely]]
            return h->value;
        return initial_ ? emplace(from_function{}, initial_) : emplace_default();
    }
    /// As get().
    T& operator*() { return get(); }
    T* operator->() { return &get(); }
    /// Whether the current task has one.
    bool has_value() const noexcept { return find() != nullptr; }
    /// Gives the current task `value`. Throws: what moving it does, std::bad_alloc.
    void set(T value) {
        if (holder* const h = find())
            h->value = std::move(value);
        else
            emplace(from_value{}, std::move(value));
    }
    /// Destroys that of the current task, if there is one; the next get() makes a new one.
    void reset() noexcept { rt::current_task().locals().remove(key_); }

    /// What with() gives: puts the former value back at the end of the scope, in the same task. What moving
    /// it throws is told to the exception hook, and the task has no value then.
    class [[nodiscard]] scope {
     public:
        scope(scope&& other) noexcept
            requires std::is_nothrow_move_constructible_v<T>
            : local_(std::exchange(other.local_, nullptr)),
              former_(std::move(other.former_)) {}
        scope& operator=(scope&&) = delete;
        ~scope() {
            if (local_ == nullptr) return;
            try {
                if (former_) {
                    local_->set(std::move(*former_));
                    return;
                }
            } catch (...) {
                rt::report_exception(std::current_exception(),
                                     "a local could not be given its former value back");
            }
            local_->reset();
        }

     private:
        friend class local;
        scope(local& l, T&& value) : local_(&l) {
            if (holder* const h = l.find()) former_.emplace(std::move(h->value));
            try {
                l.set(std::move(value));
            } catch (...) {
                if (former_) l.set(std::move(*former_));
                throw;
            }
        }
        local* local_;
        std::optional<T> former_;
    };
    /// Gives the current task `value` until the end of the scope.
    scope with(T value) { return scope(*this, std::move(value)); }

 private:
    struct from_value {};
    struct from_function {};
    struct holder final : rt::local_value {
        template <class U>
        holder(copy_function copy, from_value, U&& from)
            : local_value(&destroy, copy),
              value(std::forward<U>(from)) {}
        holder(copy_function copy, from_function, const std::function<T()>& f)
            : local_value(&destroy, copy),
              value(f()) {}
        explicit holder(copy_function copy) : local_value(&destroy, copy), value() {}
        T value;
    };

    static void destroy(rt::local_value* v) noexcept { delete static_cast<holder*>(v); }
    static rt::local_value::copy_function copy_of() noexcept {
        if constexpr (std::copy_constructible<T>)
            return [](const rt::local_value& from) -> rt::local_value* {
                return new holder(copy_of(), from_value{}, static_cast<const holder&>(from).value);
            };
        else
            return nullptr;
    }
    static rt::local_value::copy_function checked(rt::local_value::copy_function copy) {
        if (copy == nullptr) throw std::invalid_argument("a local is to be inherited that cannot be copied");
        return copy;
    }

    holder* find() const noexcept { return static_cast<holder*>(rt::current_task().locals().find(key_)); }
    template <class... Args> T& emplace(Args&&... args) {
        auto made = std::make_unique<holder>(copy_, std::forward<Args>(args)...);
        // Now, because making it may have made this task use the local, or wait and change threads.
        rt::task_locals& here = rt::current_task().locals();
        if (holder* const h = find()) return h->value;
        here.add(key_, *made);
        return made.release()->value;
    }
    T& emplace_default() {
        if constexpr (std::default_initializable<T>)
            return emplace();
        else
            throw invalid_state("a local has neither a value here nor a function that makes one");
    }

    std::function<T()> initial_;
    rt::local_value::copy_function copy_ = nullptr;
    rt::local_key key_;  // last: its destructor destroys the values
};

}  // namespace heddle::inline v0
