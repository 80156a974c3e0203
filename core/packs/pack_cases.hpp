#pragma once

// The tests that a pack brings along: tests/*.yaml. Pure; `sealstream pack test` runs them.
//
//   - case: an approved deal can be closed
//     given: [{stream: deal/a, type: DealApproved, data: {}}]      appended, in order
//     rows: {deal: [{id: a, state: Approved}]}                     all rows of these tables
//     steps:
//       - request: POST /deals/a/events
//         body: {type: ClosingFinalized}
//         status: 409                                              without: any 2xx
//         answer: {code: refused}
//         events: []                                               all that it appended
//       - invariant: dense_events                                  looked at now
//         breaches: []                                             it holds; else its rows
//       - schedule: remind                                         run now
//         after: 31d                                               for a moment from now
//         events: [{type: TaskReminded}]                           all that it appended
//
// An expected object fits one that has its members and more; a list fits one with as many items;
// "…" fits anything.

#include "core/packs/document.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <chrono>

namespace sealstream {

struct PackStep {
    std::string method; // empty: one of the next two instead of a request
    std::string target; // "/deals?state=open", below the pack's prefix
    std::string invariant{};
    boost::json::array breaches{};
    std::string schedule{};
    std::chrono::milliseconds after{0}; // the moment of the schedule, from now
    std::optional<boost::json::value> body{};
    std::vector<std::pair<std::string, std::string>> fields{}; // of the header
    std::uint32_t status{0};                                   // 0: any 2xx
    std::optional<boost::json::value> answer{};
    std::optional<boost::json::array> events{};
};

struct GivenEvent {
    std::string stream;
    std::string source;        // empty: that of whoever runs the test
    boost::json::object event; // as POST /v1/streams/{type}/{id}/events takes it
};

struct PackCase {
    std::string name;
    std::string file;
    TextPlace place;
    std::vector<GivenEvent> given{};
    std::map<std::string, boost::json::array> rows{}; // by table
    std::vector<PackStep> steps{};
};

struct PackCases {
    std::vector<PackCase> cases;
    PackProblems problems;
};

[[nodiscard]] PackCases read_cases(const PackFiles& files, const ParseDocument& parse);

// One line for each place where `found` is not what is expected; empty: it fits.
[[nodiscard]] std::vector<std::string> differences(const boost::json::value& expected,
                                                   const boost::json::value& found);

// The same for rows, whose order does not count: those that are missing, and those too many.
[[nodiscard]] std::vector<std::string> row_differences(const boost::json::array& expected,
                                                       const boost::json::array& found);

} // namespace sealstream
