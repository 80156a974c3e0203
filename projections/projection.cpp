#include "projections/projection.hpp"

#include "core/base/check.hpp"
#include "core/base/embedded_file.hpp"
#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"
#include "core/event/names.hpp"

#include <algorithm>

namespace sealstream {

std::span<const EmbeddedFile> event_index_files(); // generated: cmake/embed.cmake

namespace {

constexpr std::size_t name_bytes_max =
    24; // so that ledger, name and version fit Postgres' 63 bytes

std::string file_text(std::span<const EmbeddedFile> files, std::string_view name)
{
    const auto is_it = [name](const EmbeddedFile& file) { return file.name == name; };
    const auto found = std::find_if(files.begin(), files.end(), is_it);
    SEAL_CHECK(found != files.end(), "the build compiles the files of a projection in");
    return std::string{found->text};
}

void add_part(Sha256& hasher, const std::string& text)
{
    Bytes size;
    append_big_endian(size, static_cast<std::uint64_t>(text.size()));
    hasher.update(size);
    hasher.update(as_bytes(text));
}

} // namespace

std::string Projection::digest() const
{
    Sha256 hasher;
    hasher.update(as_bytes(std::string_view{"sealstream/projection/v1\0", 25}));
    add_part(hasher, schema_sql);
    add_part(hasher, indexes_sql);
    add_part(hasher, apply_sql);
    if (is_apart()) {
        add_part(hasher, form == FoldForm::rows ? "rows" : "set");
        add_part(hasher, is_skipping ? "skipping" : "all");
        for (const std::string& type : follows) {
            add_part(hasher, type);
        }
        for (const FoldUpcast& upcast : upcasts) {
            add_part(hasher, upcast.type);
            add_part(hasher, std::to_string(upcast.from));
            add_part(hasher, upcast.data);
        }
    }
    return to_hex(hasher.finish().view());
}

Projection event_index_projection()
{
    const auto files = event_index_files();
    return {event_index_name, file_text(files, "schema.sql"), file_text(files, "indexes.sql"),
            file_text(files, "apply.sql")};
}

std::string_view name(ProjectionVersion::State state)
{
    switch (state) {
    case ProjectionVersion::State::active:
        return "active";
    case ProjectionVersion::State::building:
        return "building";
    case ProjectionVersion::State::retired:
        return "retired";
    case ProjectionVersion::State::past:
        return "past";
    }
    return "unknown";
}

std::string active_schema_name(std::string_view ledger, std::string_view projection)
{
    return std::string{ledger} + "_" + std::string{projection};
}

std::string other_schema_name(std::string_view ledger, std::string_view projection, int version)
{
    return active_schema_name(ledger, projection) + "_v" + std::to_string(version);
}

std::string snapshot_schema_name(std::string_view ledger, std::string_view projection, int number)
{
    return active_schema_name(ledger, projection) + "$s" + std::to_string(number);
}

std::string past_schema_name(std::string_view ledger, std::string_view projection, int number)
{
    return active_schema_name(ledger, projection) + "$p" + std::to_string(number);
}

Result<void> check_projection_name(std::string_view ledger, std::string_view name)
{
    const auto is_allowed = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               letter == '_';
    };
    const bool is_good = !name.empty() && name.size() <= name_bytes_max && name.front() >= 'a' &&
                         name.front() <= 'z' && std::all_of(name.begin(), name.end(), is_allowed);
    if (!is_good) {
        return Error{Errc::bad_name, "projection \"" + std::string{name} + "\""};
    }
    return check_ledger(ledger);
}

} // namespace sealstream
