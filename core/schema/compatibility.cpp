#include "core/schema/compatibility.hpp"

#include "core/schema/inclusion.hpp"

namespace sealstream {

namespace {

struct Row {
    Compatibility compatibility;
    std::string_view name;
};
constexpr std::array rows{Row{Compatibility::backward, "backward"},
                          Row{Compatibility::forward, "forward"}, Row{Compatibility::full, "full"},
                          Row{Compatibility::none, "none"}};

} // namespace

Result<Compatibility> parse_compatibility(std::string_view name)
{
    for (const Row& row : rows) {
        if (row.name == name) {
            return row.compatibility;
        }
    }
    return Error{Errc::malformed, "compatibility is backward, forward, full or none"};
}

std::string_view name(Compatibility compatibility) noexcept
{
    return rows[static_cast<std::size_t>(compatibility)].name;
}

std::vector<SchemaBreak> find_breaks(const boost::json::value& before,
                                     const boost::json::value& after, Compatibility wanted)
{
    std::vector<SchemaBreak> breaks;
    if (wanted == Compatibility::backward || wanted == Compatibility::full) {
        breaks = SchemaInclusion{before, after}.run();
    }
    if (wanted == Compatibility::forward || wanted == Compatibility::full) {
        for (auto& found : SchemaInclusion{after, before}.run()) {
            found.is_in_old = true;
            breaks.push_back(std::move(found));
        }
    }
    return breaks;
}

} // namespace sealstream
