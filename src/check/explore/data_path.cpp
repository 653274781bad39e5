// SPDX-License-Identifier: BSL-1.0
#include "data_path.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

namespace heddle::inline v0::check {

namespace {

bool lies_at(Dwarf_Die& variable, std::uint64_t address) {
    Dwarf_Attribute attribute;
    Dwarf_Op* operation = nullptr;
    std::size_t n = 0;
    return dwarf_attr_integrate(&variable, DW_AT_location, &attribute) != nullptr &&
           dwarf_getlocation(&attribute, &operation, &n) == 0 && n == 1 && operation->atom == DW_OP_addr &&
           operation->number == address;
}

// Variables of namespaces, classes and functions are below those.
bool may_hold_variables(int tag) {
    return tag == DW_TAG_namespace || tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
           tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
}

bool find_variable(Dwarf_Die& parent, std::uint64_t address, Dwarf_Die& found) {
    Dwarf_Die child;
    if (dwarf_child(&parent, &child) != 0) return false;
    do {
        const int tag = dwarf_tag(&child);
        if (tag == DW_TAG_variable && lies_at(child, address)) {
            found = child;
            return true;
        }
        if (may_hold_variables(tag) && find_variable(child, address, found)) return true;
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

bool type_of(Dwarf_Die& die, Dwarf_Die& type) {
    Dwarf_Attribute attribute;
    Dwarf_Die named;
    return dwarf_attr_integrate(&die, DW_AT_type, &attribute) != nullptr &&
           dwarf_formref_die(&attribute, &named) != nullptr && dwarf_peel_type(&named, &type) == 0;
}

std::uint64_t size_of(Dwarf_Die& type) {
    Dwarf_Word size = 0;
    return dwarf_aggregate_size(&type, &size) == 0 ? size : 0;
}

// The member at `offset` of a structure, or its base class, whose own members count as its members.
bool member_at(Dwarf_Die& type, std::uint64_t offset, Dwarf_Die& member, std::uint64_t& begin) {
    Dwarf_Die child;
    if (dwarf_child(&type, &child) != 0) return false;
    do {
        const int tag = dwarf_tag(&child);
        if (tag != DW_TAG_member && tag != DW_TAG_inheritance) continue;
        Dwarf_Attribute attribute;
        Dwarf_Word at = 0;
        if (dwarf_attr(&child, DW_AT_data_member_location, &attribute) != nullptr &&
            dwarf_formudata(&attribute, &at) != 0)
            continue;
        Dwarf_Die inner;
        if (!type_of(child, inner)) continue;
        if (offset >= at && offset - at < size_of(inner)) {
            member = child;
            begin = at;
            return true;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

std::string path_in_type(Dwarf_Die type, std::uint64_t offset) {
    std::string path;
    for (;;) {
        const int tag = dwarf_tag(&type);
        if (tag == DW_TAG_array_type) {
            Dwarf_Die element;
            if (!type_of(type, element) || size_of(element) == 0) break;
            path += "[" + std::to_string(offset / size_of(element)) + "]";
            offset %= size_of(element);
            type = element;
        } else if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type) {
            Dwarf_Die member;
            std::uint64_t begin = 0;
            // What is inside a class of the standard library is nobody's business.
            const char* const name = dwarf_diename(&type);
            if (name == nullptr && offset == 0) break;
            if (!member_at(type, offset, member, begin)) break;
            Dwarf_Die inner;
            if (!type_of(member, inner)) break;
            if (const char* const field = dwarf_diename(&member);
                field != nullptr && dwarf_tag(&member) == DW_TAG_member) {
                if (field[0] == '_') return path;
                path += std::string(".") + field;
            }
            offset -= begin;
            type = inner;
        } else {
            break;
        }
    }
    return offset == 0 ? path : path + "+" + std::to_string(offset);
}

}  // namespace

std::string path_in_variable(Dwfl_Module* module, std::uint64_t address, std::uint64_t offset) {
    Dwarf_Addr bias = 0;
    Dwarf_Die* unit = nullptr;
    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr) {
        Dwarf_Die variable;
        Dwarf_Die type;
        if (find_variable(*unit, address - bias, variable) && type_of(variable, type))
            return path_in_type(type, offset);
    }
    return offset == 0 ? "" : "+" + std::to_string(offset);
}

}  // namespace heddle::inline v0::check
