// SPDX-License-Identifier: BSL-1.0
#include "demangle.hpp"

#include <cxxabi.h>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace heddle::inline v0::check {

namespace {

bool opens(char c) {
    return c == '(' || c == '<' || c == '[' || c == '{';
}
bool closes(char c) {
    return c == ')' || c == '>' || c == ']' || c == '}';
}

// Where the parameters begin: at the last parenthesis outside of all others, unless it belongs to a name such
// as operator() or (anonymous namespace).
std::size_t parameters_of(std::string_view name) {
    int depth = 0;
    for (std::size_t i = name.size(); i-- > 0;) {
        if (closes(name[i]) && !(name[i] == '>' && i > 0 && name[i - 1] == '-')) ++depth;
        if (!opens(name[i])) continue;
        if (--depth != 0 || name[i] != '(') continue;
        const std::string_view before = name.substr(0, i);
        if (before.ends_with("operator")) return name.size();
        if (before.empty() || before.ends_with("::")) continue;
        return i;
    }
    return name.size();
}

// Where the name begins, after the type of the result that templates have.
std::size_t after_result(std::string_view name) {
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name.substr(i).starts_with("operator")) break;
        if (opens(name[i])) ++depth;
        if (closes(name[i])) --depth;
        if (name[i] == ' ' && depth == 0) begin = i + 1;
    }
    return begin;
}

void erase_all(std::string& text, std::string_view what) {
    for (std::size_t at = 0; (at = text.find(what)) != text.npos;) text.erase(at, what.size());
}

// The arguments of templates tell little and are long.
std::string without_arguments(std::string_view name) {
    if (name.find("operator<") != name.npos || name.find("operator>") != name.npos) return std::string(name);
    std::string result;
    int depth = 0;
    for (const char c : name) {
        if (c == '<') ++depth;
        if (depth == 0) result += c;
        if (c == '>') --depth;
    }
    return result;
}

}  // namespace

std::string demangle(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> plain(
        abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
    if (plain == nullptr) return mangled;
    std::string_view all = plain.get();
    if (const std::size_t clone = all.find(" [clone "); clone != all.npos) all = all.substr(0, clone);
    all = all.substr(0, parameters_of(all));
    all = all.substr(after_result(all));
    std::string name = without_arguments(all);
    erase_all(name, "(anonymous namespace)::");
    return name;
}

}  // namespace heddle::inline v0::check
