// SPDX-License-Identifier: BSL-1.0
#include "symbols.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <heddle/rt/error.hpp>
#include <string_view>

#include "data_path.hpp"
#include "demangle.hpp"

namespace heddle::inline v0::check {

namespace {

const Dwfl_Callbacks callbacks{.find_elf = &dwfl_linux_proc_find_elf,
                               .find_debuginfo = &dwfl_standard_find_debuginfo,
                               .section_address = nullptr,
                               .debuginfo_path = nullptr};

struct scope_array {
    Dwarf_Die* dies = nullptr;
    int count = 0;
    scope_array() = default;
    scope_array(const scope_array&) = delete;
    scope_array& operator=(const scope_array&) = delete;
    ~scope_array() { std::free(dies); }
};

// A name of C is not mangled, though it may read as a type does that is.
std::string readable(const char* symbol) {
    return std::string_view(symbol).starts_with("_Z") ? demangle(symbol) : symbol;
}

std::string function_name(Dwarf_Die& die) {
    Dwarf_Attribute attribute;
    for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name})
        if (dwarf_attr_integrate(&die, kind, &attribute) != nullptr)
            if (const char* const name = dwarf_formstring(&attribute); name != nullptr) return readable(name);
    if (const char* const name = dwarf_diename(&die); name != nullptr) return name;
    return "";
}

std::string absolute(Dwarf_Die& unit, const char* file) {
    if (file == nullptr) return "";
    Dwarf_Attribute attribute;
    const char* const folder =
        file[0] == '/' ? nullptr : dwarf_formstring(dwarf_attr_integrate(&unit, DW_AT_comp_dir, &attribute));
    const std::filesystem::path path =
        folder == nullptr ? std::filesystem::path(file) : std::filesystem::path(folder) / file;
    return path.lexically_normal().string();
}

int number_in(Dwarf_Die& die, unsigned kind) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_attr(&die, kind, &attribute) == nullptr || dwarf_formudata(&attribute, &value) != 0) return 0;
    return static_cast<int>(value);
}

bool is_system(std::string_view file) {
    return file.starts_with("/usr/include/") || file.starts_with("/usr/lib/") ||
           file.find("/include/c++/") != file.npos;
}

// The functions that were inlined one into the other at `pc`, as far as the debug information knows.
void inlined_at(Dwarf_Die& unit, Dwarf_Addr pc, std::string file, int line, std::vector<source_frame>& out) {
    scope_array innermost;
    innermost.count = dwarf_getscopes(&unit, pc, &innermost.dies);
    if (innermost.count <= 0) return;
    scope_array scopes;  // those around it in the code, not in the source
    scopes.count = dwarf_getscopes_die(&innermost.dies[0], &scopes.dies);
    Dwarf_Files* files = nullptr;
    std::size_t n_files = 0;
    dwarf_getsrcfiles(&unit, &files, &n_files);
    for (int i = 0; i < scopes.count; ++i) {
        Dwarf_Die& die = scopes.dies[i];
        const int tag = dwarf_tag(&die);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
        out.push_back({.function = function_name(die), .file = file, .line = line, .module = {}});
        if (tag == DW_TAG_subprogram) return;
        const int call_file = number_in(die, DW_AT_call_file);
        const char* const called_from =
            files == nullptr ? nullptr
                             : dwarf_filesrc(files, static_cast<std::size_t>(call_file), nullptr, nullptr);
        file = absolute(unit, called_from);
        line = number_in(die, DW_AT_call_line);
    }
}

}  // namespace

symbols::symbols(pid_t pid) : dwfl_(dwfl_begin(&callbacks), &dwfl_end) {
    std::error_code ignored;
    here_ = std::filesystem::current_path(ignored).string() + "/";
    if (dwfl_ == nullptr) throw error(std::string("libdw: ") + dwfl_errmsg(-1));
    dwfl_report_begin(dwfl_.get());
    dwfl_linux_proc_report(dwfl_.get(), pid);
    dwfl_report_end(dwfl_.get(), nullptr, nullptr);
}

symbols::~symbols() = default;

std::vector<source_frame> symbols::look_up(std::uint64_t pc) const {
    std::vector<source_frame> result;
    Dwfl_Module* const module = dwfl_addrmodule(dwfl_.get(), pc);
    if (module == nullptr) return {source_frame{}};
    const char* const path =
        dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    std::string file;
    int line = 0;
    Dwarf_Addr bias = 0;
    Dwarf_Die* const unit = dwfl_module_addrdie(module, pc, &bias);
    if (unit != nullptr) {
        if (Dwarf_Line* const row = dwarf_getsrc_die(unit, pc - bias); row != nullptr) {
            file = absolute(*unit, dwarf_linesrc(row, nullptr, nullptr));
            dwarf_lineno(row, &line);
        }
        inlined_at(*unit, pc - bias, file, line, result);
    }
    if (result.empty()) {
        const char* const name = dwfl_module_addrname(module, pc);
        result.push_back(
            {.function = name == nullptr ? "" : readable(name), .file = file, .line = line, .module = {}});
    }
    const bool system_module =
        path != nullptr &&
        (is_system(path) || std::string_view(path).find("/libheddle_check.so") != std::string_view::npos);
    for (source_frame& f : result) {
        f.own = !system_module && !is_system(f.file) && f.line > 0;
        if (f.file.starts_with(here_)) f.file.erase(0, here_.size());
        if (path != nullptr) f.module = std::filesystem::path(path).filename();
    }
    return result;
}

const std::vector<source_frame>& symbols::frames_at(std::uint64_t return_address) const {
    const auto [at, is_new] = frames_.try_emplace(return_address);
    // The call is before the address that it returns to.
    if (is_new) at->second = look_up(return_address - 1);
    return at->second;
}

std::string symbols::name_of_data(std::uint64_t address) const {
    Dwfl_Module* const module = dwfl_addrmodule(dwfl_.get(), address);
    if (module == nullptr) return "";
    GElf_Off offset = 0;
    GElf_Sym symbol{};
    const char* const name =
        dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
    if (name == nullptr || (offset != 0 && offset >= symbol.st_size)) return "";
    return readable(name) + path_in_variable(module, address - offset, offset);
}

std::string symbols::source(const std::string& file, int line) const {
    const auto [at, is_new] = files_.try_emplace(file);
    if (is_new) {
        std::ifstream in(file);
        for (std::string text; std::getline(in, text);) at->second.push_back(text);
    }
    if (line < 1 || static_cast<std::size_t>(line) > at->second.size()) return "";
    const std::string& text = at->second[static_cast<std::size_t>(line) - 1];
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace heddle::inline v0::check
