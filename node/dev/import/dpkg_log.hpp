#pragma once

// dpkg's log as events: every line is something that was done to this machine.
//
//   2025-06-24 14:36:25 upgrade libudev1:amd64 252.36-1 252.38-1
//   -> package/libudev1:amd64  PackageUpgradeStarted  {"from":"252.36-1","to":"252.38-1"}
//
//   startup …                          dpkg/run          DpkgStarted
//   install, upgrade, remove, purge,   package/<name>    PackageInstallStarted, …UpgradeStarted,
//     configure, trigproc, disappear                     …RemovalStarted, …PurgeStarted, …
//   status installed                   package/<name>    PackageInstalled
//   status not-installed               package/<name>    PackageRemoved
//   status …                           package/<name>    PackageStatusChanged
//   conffile <file> <decision>         conffile/<file>   ConffileDecided
// Other lines are skipped. Times are local, as dpkg writes them.

#include "node/dev/import/imported_event.hpp"

#include <ctime>

namespace sealstream {

// From the broken-down local time; replaced in tests.
using LocalTime = std::function<std::optional<WallTime>(const std::tm&)>;
[[nodiscard]] std::optional<WallTime> system_local_time(const std::tm& local);

// Appends the events of `text` to `events`.
void parse_dpkg_log(std::string_view text, EventMaker& maker, const LocalTime& local_time,
                    std::vector<ImportedEvent>& events);

} // namespace sealstream
