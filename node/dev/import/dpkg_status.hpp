#pragma once

// dpkg's database of what is installed now, for machines whose log is short or gone (fresh
// containers).
//
//   package/<name>:<arch>  PackageObserved     {"version", "section", "maintainer",
//   "installed_kib"} package/<name>:<arch>  DependencyObserved  {"on": "libc6 (>= 2.36) | …",
//   "kind": "depends"}
// These are observations without a time of their own.

#include "node/dev/import/imported_event.hpp"

namespace sealstream {

// Appends the events of `text` to `events`; packages that are not installed are left out.
void parse_dpkg_status(std::string_view text, EventMaker& maker,
                       std::vector<ImportedEvent>& events);

} // namespace sealstream
