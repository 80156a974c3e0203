#pragma once

// The history of a git repository as events.
//
//   repository/<name>  CommitMade   {"commit", "subject", "files", "added", "deleted"}   actor: the
//   author file/<path>        FileChanged  {"commit", "path", "added", "deleted"}               one
//   for each file
// Times are when it was committed.

#include "node/dev/import/imported_event.hpp"

namespace sealstream {

// The arguments after `git` whose output parse_git_log() reads.
[[nodiscard]] std::vector<std::string> git_log_arguments();

// Appends the events of `text` to `events`; what is no commit is skipped.
void parse_git_log(std::string_view text, const std::string& repository, EventMaker& maker,
                   std::vector<ImportedEvent>& events);

} // namespace sealstream
