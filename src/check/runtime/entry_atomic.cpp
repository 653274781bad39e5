// SPDX-License-Identifier: BSL-1.0
// The functions that the compilers call for atomic operations under -fsanitize=thread. Schedules are
// sequentially consistent; the memory order only says what happens before what, for the race detector.

#include "detector.hpp"
#include "engine.hpp"
#include "hot.hpp"

using namespace heddle::check;
using namespace heddle::check::runtime;

namespace {

// As compilers pass them: those of C11.
enum order { relaxed, consume, acquires, releases, both, sequential };

bool is_acquire(int o) noexcept {
    return o != relaxed && o != releases;
}
bool is_release(int o) noexcept {
    return o >= releases;
}

enum class kind { load, store, update };

// Lets others go on before an access.
void announce(const volatile void* address, std::uint32_t size, kind k, const void* pc) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return;
    const std::uint64_t at = bits(const_cast<const void*>(address));
    const void* const granule = reinterpret_cast<const void*>(at & ~std::uint64_t{7});
    take_turn(*me, {.what = k == kind::load    ? action::atomic_load
                            : k == kind::store ? action::atomic_store
                                               : action::atomic_update,
                    .writes = k != kind::load,
                    .address = granule,
                    .pc = pc,
                    .size = static_cast<std::uint8_t>(size),
                    .offset = static_cast<std::uint8_t>(at & 7)});
    note_value(granule);
}

// What the access orders. It belongs to the same step: nobody else runs between the two.
void note_access(const volatile void* address, std::uint32_t size, kind k, int order,
                 const void* pc) noexcept {
    thread* const me = engaged();
    if (me == nullptr || !flag(order_races)) return;
    const void* const a = const_cast<const void*>(address);
    object& o = object_at(a);
    if (k != kind::store) is_acquire(order) ? acquire(*me, o) : acquire_at_fence(*me, o);
    look_for_race(*me, {.address = a, .pc = pc, .size = size, .writes = k != kind::load, .atomic = true});
    if (k != kind::load) is_release(order) ? release(*me, o) : release_from_fence(*me, o);
}

void point(const volatile void* address, std::uint32_t size, kind k, int order, const void* pc) noexcept {
    announce(address, size, k, pc);
    note_access(address, size, k, order, pc);
}

template <class T> T load(const volatile T* a, int order, const void* pc) noexcept {
    point(a, sizeof(T), kind::load, order, pc);
    return __atomic_load_n(a, __ATOMIC_SEQ_CST);
}

template <class T> void store(volatile T* a, T value, int order, const void* pc) noexcept {
    point(a, sizeof(T), kind::store, order, pc);
    __atomic_store_n(a, value, __ATOMIC_SEQ_CST);
}

// One that fails is a load, with an order of its own.
template <class T>
bool exchange_if(volatile T* a, T& expected, T value, int order, int failed, const void* pc) noexcept {
    announce(a, sizeof(T), kind::update, pc);
    const bool done =
        __atomic_compare_exchange_n(a, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    note_access(a, sizeof(T), done ? kind::update : kind::load, done ? order : failed, pc);
    return done;
}

}  // namespace

#define HEDDLE_UPDATE(BITS, T, NAME, BUILTIN)                                             \
    HEDDLE_INTERPOSED T __tsan_atomic##BITS##_##NAME(volatile T* a, T value, int order) { \
        point(a, sizeof(T), kind::update, order, HEDDLE_RETURN_ADDRESS);                  \
        return BUILTIN(a, value, __ATOMIC_SEQ_CST);                                       \
    }

#define HEDDLE_ATOMICS(BITS, T)                                                                              \
    HEDDLE_INTERPOSED T __tsan_atomic##BITS##_load(const volatile T* a, int order) {                         \
        return load(a, order, HEDDLE_RETURN_ADDRESS);                                                        \
    }                                                                                                        \
    HEDDLE_INTERPOSED void __tsan_atomic##BITS##_store(volatile T* a, T value, int order) {                  \
        store(a, value, order, HEDDLE_RETURN_ADDRESS);                                                       \
    }                                                                                                        \
    HEDDLE_UPDATE(BITS, T, exchange, __atomic_exchange_n)                                                    \
    HEDDLE_UPDATE(BITS, T, fetch_add, __atomic_fetch_add)                                                    \
    HEDDLE_UPDATE(BITS, T, fetch_sub, __atomic_fetch_sub)                                                    \
    HEDDLE_UPDATE(BITS, T, fetch_and, __atomic_fetch_and)                                                    \
    HEDDLE_UPDATE(BITS, T, fetch_or, __atomic_fetch_or)                                                      \
    HEDDLE_UPDATE(BITS, T, fetch_xor, __atomic_fetch_xor)                                                    \
    HEDDLE_UPDATE(BITS, T, fetch_nand, __atomic_fetch_nand)                                                  \
    HEDDLE_INTERPOSED int __tsan_atomic##BITS##_compare_exchange_strong(volatile T* a, T* expected, T value, \
                                                                        int order, int failed) {             \
        return exchange_if(a, *expected, value, order, failed, HEDDLE_RETURN_ADDRESS);                       \
    }                                                                                                        \
    HEDDLE_INTERPOSED int __tsan_atomic##BITS##_compare_exchange_weak(volatile T* a, T* expected, T value,   \
                                                                      int order, int failed) {               \
        return exchange_if(a, *expected, value, order, failed, HEDDLE_RETURN_ADDRESS);                       \
    }                                                                                                        \
    HEDDLE_INTERPOSED T __tsan_atomic##BITS##_compare_exchange_val(volatile T* a, T expected, T value,       \
                                                                   int order, int failed) {                  \
        exchange_if(a, expected, value, order, failed, HEDDLE_RETURN_ADDRESS);                               \
        return expected;                                                                                     \
    }

HEDDLE_ATOMICS(8, unsigned char)
HEDDLE_ATOMICS(16, unsigned short)
HEDDLE_ATOMICS(32, unsigned int)
HEDDLE_ATOMICS(64, unsigned long)

HEDDLE_INTERPOSED void __tsan_atomic_thread_fence(int order) {
    thread* const me = controlled();
    if (me == nullptr) return __atomic_thread_fence(__ATOMIC_SEQ_CST);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::fence, .writes = false, .pc = pc});
    if (flag(order_races)) {
        if (is_acquire(order)) acquire_fence(*me);
        if (is_release(order)) release_fence(*me);
    }
}

HEDDLE_INTERPOSED void __tsan_atomic_signal_fence(int) {}
