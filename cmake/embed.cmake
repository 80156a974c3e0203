# sealstream_embed(out function file…): writes a source file that compiles text files in, and names it in `out`.
# It defines  std::span<const EmbeddedFile> sealstream::function()  (core/base/embedded_file.hpp), in the order
# given; names are the files' own, without folder. A changed file configures again.
function(sealstream_embed out function)
    set(rows "")
    set(index 0)
    foreach(file IN LISTS ARGN)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(READ ${file} text)
        get_filename_component(name ${file} NAME)
        string(APPEND rows "    EmbeddedFile{\"${name}\", R\"embedded(${text})embedded\"},\n")
        math(EXPR index "${index} + 1")
    endforeach()
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
    file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include \"core/base/embedded_file.hpp\"

#include <array>

namespace sealstream {

std::span<const EmbeddedFile> ${function}();

std::span<const EmbeddedFile> ${function}()
{
    static constexpr std::array<EmbeddedFile, ${index}> files{
${rows}    };
    return files;
}

} // namespace sealstream
")
    set(${out} ${source} PARENT_SCOPE)
endfunction()
