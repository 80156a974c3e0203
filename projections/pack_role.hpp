#pragma once

// The Postgres role that reads for a pack: it may read the pack's tables, and can touch nothing
// else whatever SQL it runs.
//
// SET ROLE alone would not hold a hostile statement: it can set the role back
// (set_config('role', …)). Inside a SECURITY DEFINER function Postgres refuses that, so the SQL of
// a pack runs inside one that the pack's role owns: sealstream_packs.<role>(statement, values),
// which gives the rows of one statement with one text column. Only we may call it.

#include "core/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

class Connection;

inline constexpr std::size_t pack_values_max = 48; // of one statement

// "pack_main_deals"; 61 bytes at most.
[[nodiscard]] std::string pack_role_name(std::string_view ledger, std::string_view pack);

// Makes role and function where they are missing, and lets the role read everything in these
// schemas; several may try at once. In a transaction of its own.
//   unsupported   our own role may not make roles (CREATEROLE)
[[nodiscard]] Result<void> make_pack_reader(Connection& connection, std::string_view ledger,
                                            std::string_view pack,
                                            const std::vector<std::string>& schemas);

// "SELECT … FROM sealstream_packs.role($1, $2)": the statement, and its values as an array (null
// for null).
[[nodiscard]] std::string run_as_pack(std::string_view ledger, std::string_view pack);

} // namespace sealstream
