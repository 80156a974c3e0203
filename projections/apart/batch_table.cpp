#include "projections/apart/batch_table.hpp"

namespace sealstream {

// Names of stream types have no quotes (core/event/names.hpp).
std::string reaches(const Projection& projection)
{
    std::string condition = projection.is_skipping ? "NOT skipped" : "true";
    if (!projection.follows.empty()) {
        condition += " AND stream_type IN (";
        for (const std::string& type : projection.follows) {
            condition += (condition.back() == '(' ? "'" : ",'") + type + "'";
        }
        condition += ")";
    }
    return condition;
}

std::string fill_batch(const Projection& projection, std::string_view source, EventRange range)
{
    return std::string{"INSERT INTO pg_temp.batch SELECT "} + batch_column_names +
           " FROM pg_temp." + std::string{source} + " AS e WHERE " + reaches(projection) +
           " AND position BETWEEN " + std::to_string(range.first.value) + " AND " +
           std::to_string(range.last.value) +
           " AND NOT EXISTS (SELECT FROM pg_temp.stuck AS s WHERE s.stream_type = e.stream_type"
           " AND s.stream_id = e.stream_id) ORDER BY position";
}

} // namespace sealstream
