// SPDX-License-Identifier: BSL-1.0
#include <dlfcn.h>
#include <cstdint>
#include <heddle/rt/controlled.hpp>

namespace heddle::inline v0::rt {

namespace {

// Looked up and not linked: the checker's runtime may be loaded into a program that was linked long before,
// and a linker may decide that a weak reference which nothing defines is null for ever. Null until static
// initialisation has come here, and nothing is checked before main.
template <class F> F* of_checker(const char* name) noexcept {
    void* const found = ::dlsym(RTLD_DEFAULT, name);
    if (found == nullptr) ::dlerror();  // nobody else's error
    return reinterpret_cast<F*>(found);
}

bool (*const active)() = of_checker<bool()>("heddle_check_active");
std::uint64_t (*const choose)(std::uint64_t) =
    of_checker<std::uint64_t(std::uint64_t)>("heddle_check_choose");

}  // namespace

bool controlled() noexcept {
    return active != nullptr && active();
}

std::size_t choose_below(std::size_t n) noexcept {
    return choose != nullptr && n > 1 ? choose(n) : 0;
}

}  // namespace heddle::inline v0::rt
