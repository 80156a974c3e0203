#pragma once

// The tables of one pack, for those who may only read them: SQL of the pack runs as the pack's
// role, which can touch nothing else, in a read-only transaction that is always rolled back, within
// limits.

#include "core/ports/read_model.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sealstream {

// Null, text that SQL casts to the parameter's type, or a list of such. Always bound.
using PackValue = std::variant<std::monostate, std::string, std::vector<std::string>>;

struct PackQuestion {
    std::string sql; // one statement; its values are $1, $2, …
    std::vector<PackValue> values{};
    bool is_scalar{false}; // only the first column of the first row is wanted
    std::size_t rows_max{1'000};
    std::size_t bytes_max{4 << 20}; // of all rows as JSON
    std::chrono::milliseconds time_max{5'000};
    Position at_least{}; // projection_behind unless the tables show everything up to it
    // The tables as they were when the log ended there, however far they are now.
    std::optional<Position> as_of{};
};

struct PackRows {
    std::vector<std::string> rows; // JSON: an object of the columns in their order; or the scalar
    bool has_more{false};          // than rows_max
    Position reached;              // the tables show everything up to it
    bool is_even{true};            // all projections of the pack stand there; else some are ahead
};

class PackReader : public ReadModel {
public:
    //   projection_behind   at_least is not reached
    //   timed_out           it takes longer than time_max
    //   too_large           the rows are more than bytes_max
    //   malformed           a value does not fit the statement ("division by zero")
    //   overloaded          too many questions at once
    //   projection_missing  the tables are not made yet, or those of an edited pack are not, and
    //                       the statement does not fit the old ones
    //   unavailable         the database does not answer
    //   internal            the statement is wrong, or wants what its role may not have
    // and with as_of
    //   refused             more events than are allowed lie between it and the snapshot before it
    //   timed_out           its tables are not made yet; they are being made, so ask again
    //   unsupported         this reader has no past
    [[nodiscard]] virtual boost::asio::awaitable<Result<PackRows>> read(PackQuestion question) = 0;

protected:
    PackReader() = default;
};

} // namespace sealstream
