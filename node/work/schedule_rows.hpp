#pragma once

// From the rows of a schedule to the events that may be appended. A row that may not is refused
// alone, with its reason; the others go on.

#include "core/packs/pack.hpp"
#include "core/packs/work_rules.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/event_input.hpp"

namespace sealstream {

struct ScheduleRows {
    std::vector<StreamAppend> appends;
    std::size_t events{0};
    std::size_t known{0};             // their keys are in the ledger already
    std::vector<std::string> refused; // JSON objects: row (from 1), code, reason
};

// Pure: events in the order of the rows, with the key of the row, or one of schedule, moment and
// number. Refused is what is no event of the pack.
[[nodiscard]] std::vector<http::EventInput> take_rows(const Pack& pack,
                                                      const PackSchedule& schedule, WallTime moment,
                                                      const std::vector<std::string>& rows,
                                                      const http::Limits& limits,
                                                      std::vector<std::string>& refused);

// Asks the rules of the ledger, and which keys it has already.
//   as http::admit_events() and http::find_known(): nothing is known about the rows
[[nodiscard]] Task<Result<ScheduleRows>> judge_rows(http::AdmissionParts parts,
                                                    std::vector<http::EventInput> events,
                                                    std::vector<std::string> refused);

} // namespace sealstream
