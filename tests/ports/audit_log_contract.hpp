#pragma once

// What every AuditLog keeps. Bound like the contract of event logs, with one test case an adapter.

#include "core/ports/audit_log.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace sealstream::testing {

// A fresh, empty audit stream, and two writers that reach it, as two auditors would.
class AuditLogUnderTest {
public:
    virtual ~AuditLogUnderTest() = default;
    [[nodiscard]] virtual AuditLog& first_writer() = 0;
    [[nodiscard]] virtual AuditLog& second_writer() = 0;
    [[nodiscard]] virtual boost::asio::io_context& context() = 0;
};

using AuditLogFactory = std::function<std::unique_ptr<AuditLogUnderTest>()>;

// Runs every rule as a section of the calling test case.
void check_audit_log_contract(const AuditLogFactory& make);

} // namespace sealstream::testing
