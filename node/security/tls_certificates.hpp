#pragma once

// The certificate that a listener serves now, read again when its files change. A new one that does
// not load leaves the old one in use.

#include "node/security/tls_context.hpp"

#include <array>

namespace sealstream::security {

class TlsCertificates {
public:
    //   as TlsContext::load
    [[nodiscard]] static Result<std::unique_ptr<TlsCertificates>> load(TlsOptions options);

    [[nodiscard]] std::shared_ptr<const TlsContext> current() const noexcept { return current_; }

    // Looks at the files, and reads them when one is another than the last time, or when told to.
    // True: a new certificate is in use.
    //   as TlsContext::load; the old one stays, and is not tried again until the files change
    [[nodiscard]] Result<bool> refresh(bool is_forced);

    [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }

private:
    // Tells one content of a path from another; a rename or a swapped link changes the inode.
    struct Stamp {
        std::uint64_t device{0};
        std::uint64_t inode{0};
        std::int64_t size{0};
        std::int64_t modified{0}; // nanoseconds

        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    using Stamps = std::array<Stamp, 3>;

    TlsCertificates(TlsOptions options, std::shared_ptr<const TlsContext> context, Stamps stamps)
        : options_{std::move(options)},
          current_{std::move(context)},
          stamps_{stamps}
    {
    }
    [[nodiscard]] static Stamp stamp_of(const std::filesystem::path& file) noexcept;
    [[nodiscard]] static Stamps stamps_of(const TlsOptions& options) noexcept;

    TlsOptions options_;
    std::shared_ptr<const TlsContext> current_;
    Stamps stamps_;
};

} // namespace sealstream::security
