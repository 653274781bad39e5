// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <elf.h>
#include <link.h>
#include <algorithm>
#include <cstdlib>
#include <heddle/process/travel.hpp>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>

namespace heddle::inline v0::detail {

std::streamsize packer::xsputn(const char* data, std::streamsize size) {
    bytes(data, static_cast<std::size_t>(size));
    return size;
}

packer::int_type packer::overflow(int_type c) {
    const char byte = traits_type::to_char_type(c);
    bytes(&byte, 1);
    return c;
}

void unpacker::too_short() {
    throw error("a message between processes is shorter than its content");
}

void unpacker::bytes(void* data, std::size_t size) {
    if (size > rest_.size()) too_short();
    if (size > 0) std::memcpy(data, rest_.data(), size);
    rest_ = rest_.subspan(size);
}

std::streamsize unpacker::xsgetn(char* data, std::streamsize size) {
    const auto n = std::min(static_cast<std::size_t>(size), rest_.size());
    if (n > 0) std::memcpy(data, rest_.data(), n);
    rest_ = rest_.subspan(n);
    return static_cast<std::streamsize>(n);
}

// Modules
// --------------------------------------------------------------------------------------------------------------

namespace {

struct module {
    std::uint64_t id = 0;
    std::uintptr_t base = 0;
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
};

std::uint64_t fnv1a(const void* data, std::size_t size, std::uint64_t hash = 0xcbf29ce484222325ull) noexcept {
    const auto* const bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return hash;
}

// The build id, if the module has one; a rebuilt program then does not pass for the same.
bool build_id(const dl_phdr_info& info, std::uint64_t& id) noexcept {
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const auto& segment = info.dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) continue;
        const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr);
        const char* const end = at + segment.p_memsz;
        const std::size_t unit = segment.p_align == 8 ? 8 : 4;
        const auto padded = [unit](std::size_t n) { return (n + unit - 1) / unit * unit; };
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const auto& note = *reinterpret_cast<const ElfW(Nhdr)*>(at);
            const char* const name = at + sizeof note;
            const char* const content = name + padded(note.n_namesz);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
                id = fnv1a(content, note.n_descsz);
                return true;
            }
            at = content + padded(note.n_descsz);
        }
    }
    return false;
}

module describe(const dl_phdr_info& info) noexcept {
    module m;
    m.base = info.dlpi_addr;
    m.low = UINTPTR_MAX;
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const auto& segment = info.dlpi_phdr[i];
        if (segment.p_type != PT_LOAD) continue;
        m.low = std::min<std::uintptr_t>(m.low, info.dlpi_addr + segment.p_vaddr);
        m.high = std::max<std::uintptr_t>(m.high, info.dlpi_addr + segment.p_vaddr + segment.p_memsz);
    }
    if (!build_id(info, m.id)) {
        m.id = fnv1a(info.dlpi_name, std::strlen(info.dlpi_name));
        const std::uintptr_t size = m.high - m.low;
        m.id = fnv1a(&size, sizeof size, m.id);
    }
    return m;
}

template <class Matches> bool find_module(module& found, Matches matches) {
    struct search {
        module* result;
        Matches* test;
        bool done = false;
    } s{&found, &matches};
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto& here = *static_cast<search*>(data);
            const module m = describe(*info);
            if (!(*here.test)(m)) return 0;
            *here.result = m;
            here.done = true;
            return 1;
        },
        &s);
    return s.done;
}

// The last module that was asked for: a pool asks for the same one over and over. One per thread, so not
// locked.
thread_local module recent;

}  // namespace

function_place place_of(const void* address) {
    const auto where = reinterpret_cast<std::uintptr_t>(address);
    const auto holds = [where](const module& m) { return m.low <= where && where < m.high; };
    if (!holds(recent) && !find_module(recent, holds)) throw error("the function is in no loaded module");
    return {recent.id, where - recent.base};
}

const void* address_of(const function_place& place) {
    const auto is = [&place](const module& m) { return m.high != 0 && m.id == place.module; };
    if (!is(recent) && !find_module(recent, is))
        throw error(
            "the worker process has not loaded the module that the function is in, or another build of it");
    return reinterpret_cast<const void*>(recent.base + place.offset);
}

// Exceptions
// -----------------------------------------------------------------------------------------------------------

namespace {

// Types that arrive as themselves; the order is part of what travels.
enum class thrown : std::uint32_t {
    other,
    runtime_error,
    logic_error,
    invalid_argument,
    out_of_range,
    domain_error,
    length_error,
    overflow_error,
    underflow_error,
    range_error,
    bad_alloc,
    system_error,
    cancelled,
    timeout_error,
};

std::string demangled(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    return name ? name.get() : type.name();
}

// By exact type: a class that derives from one of them is another type, and says so by its name.
thrown kind_of(const std::exception& e) noexcept {
    const std::type_info& t = typeid(e);
    if (t == typeid(std::runtime_error)) return thrown::runtime_error;
    if (t == typeid(std::logic_error)) return thrown::logic_error;
    if (t == typeid(std::invalid_argument)) return thrown::invalid_argument;
    if (t == typeid(std::out_of_range)) return thrown::out_of_range;
    if (t == typeid(std::domain_error)) return thrown::domain_error;
    if (t == typeid(std::length_error)) return thrown::length_error;
    if (t == typeid(std::overflow_error)) return thrown::overflow_error;
    if (t == typeid(std::underflow_error)) return thrown::underflow_error;
    if (t == typeid(std::range_error)) return thrown::range_error;
    if (t == typeid(std::bad_alloc)) return thrown::bad_alloc;
    if (t == typeid(cancelled)) return thrown::cancelled;
    if (t == typeid(timeout_error)) return thrown::timeout_error;
    return thrown::other;
}

}  // namespace

void pack_exception(packer& out, const std::exception_ptr& error) {
    thrown kind = thrown::other;
    std::string type = "unknown type";
    std::string what;
    std::int32_t code = 0;
    bool systems = false;    // the code is of system_category(), not of generic_category()
    bool has_words = false;  // the system_error was given a text, perhaps an empty one
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& e) {
        type = demangled(typeid(e));
        what = e.what();
        const auto& category = e.code().category();
        if (typeid(e) == typeid(std::system_error) &&
            (category == std::generic_category() || category == std::system_category())) {
            kind = thrown::system_error;
            code = e.code().value();
            systems = category == std::system_category();
            // what() ends with the code's own message, which the other side adds again.
            const std::string tail = ": " + e.code().message();
            has_words = what.ends_with(tail);
            if (has_words) what.resize(what.size() - tail.size());
        }
    } catch (const remote_error& e) {
        type = e.type_name();  // it has travelled before
        what = e.message();
    } catch (const std::exception& e) {
        kind = kind_of(e);
        type = demangled(typeid(e));
        what = e.what();
    } catch (...) {
        if (const std::type_info* t = abi::__cxa_current_exception_type()) type = demangled(*t);
    }
    out.value(kind);
    out.value(code);
    out.value(systems);
    out.value(has_words);
    out.value(type);
    out.value(what);
}

std::exception_ptr unpack_exception(unpacker& in) {
    const auto kind = in.value<thrown>();
    const auto value = in.value<std::int32_t>();
    const std::error_code code(value, in.value<bool>() ? std::system_category() : std::generic_category());
    const bool has_words = in.value<bool>();
    const auto type = in.value<std::string>();
    const auto what = in.value<std::string>();
    switch (kind) {
        case thrown::runtime_error:
            return std::make_exception_ptr(std::runtime_error(what));
        case thrown::logic_error:
            return std::make_exception_ptr(std::logic_error(what));
        case thrown::invalid_argument:
            return std::make_exception_ptr(std::invalid_argument(what));
        case thrown::out_of_range:
            return std::make_exception_ptr(std::out_of_range(what));
        case thrown::domain_error:
            return std::make_exception_ptr(std::domain_error(what));
        case thrown::length_error:
            return std::make_exception_ptr(std::length_error(what));
        case thrown::overflow_error:
            return std::make_exception_ptr(std::overflow_error(what));
        case thrown::underflow_error:
            return std::make_exception_ptr(std::underflow_error(what));
        case thrown::range_error:
            return std::make_exception_ptr(std::range_error(what));
        case thrown::bad_alloc:
            return std::make_exception_ptr(std::bad_alloc());
        case thrown::system_error:
            return std::make_exception_ptr(has_words ? std::system_error(code, what)
                                                     : std::system_error(code));
        case thrown::cancelled:
            return std::make_exception_ptr(cancelled(what));
        case thrown::timeout_error:
            return std::make_exception_ptr(timeout_error(what));
        case thrown::other:
            break;
    }
    return std::make_exception_ptr(remote_error(type, what));
}

}  // namespace heddle::inline v0::detail
