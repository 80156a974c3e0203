#pragma once

// What every EventLog keeps, whatever it stands on. An adapter binds all of it with one test case:
//
//   TEST_CASE("the memory log keeps the contract", "[contract]")
//   {
//       check_event_log_contract([](const ChainPolicy& chain) { return std::make_unique<…>(chain);
//       });
//   }
//
// The rules are in event_log_{append,check,repeat,read,feed,filter}_rules.cpp. Each runs against a
// fresh, empty log, as a section of its own.

#include "core/ports/event_log.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <span>

namespace sealstream::testing {

// A fresh, empty log and the context that it lives on. Its destructor tears down what the log
// needs.
class LogUnderTest {
public:
    virtual ~LogUnderTest() = default;
    [[nodiscard]] virtual EventLog& log() = 0;
    [[nodiscard]] virtual boost::asio::io_context& context() = 0;
};

using LogFactory = std::function<std::unique_ptr<LogUnderTest>(const ChainPolicy&)>;

struct LogRule {
    const char* name; // a true sentence
    void (*check)(const LogFactory&);
};

[[nodiscard]] std::span<const LogRule> append_rules();
[[nodiscard]] std::span<const LogRule> check_rules();
[[nodiscard]] std::span<const LogRule> repeat_rules();
[[nodiscard]] std::span<const LogRule> read_rules();
[[nodiscard]] std::span<const LogRule> feed_rules();
[[nodiscard]] std::span<const LogRule> filter_rules();

// Runs every rule as a section of the calling test case.
void check_event_log_contract(const LogFactory& make);

} // namespace sealstream::testing
