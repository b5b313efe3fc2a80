#include "mqtt_logger/platform/file_name.hpp"

#include "support/catch.hpp"

using mqtt_logger::find_name_fault;

TEST_CASE("File names: what Windows has no file for is refused in words") {
  for (const auto* const path :
       {L"a:b", L"logs\\a:b", L"con", L"logs\\CON.data\\x", L"nul.", L"Aux .x", L"com1", L"lpt\u00B9.x",
        L"logs\\data.", L"logs \\data", L"what?", L"a*", L"a<b", L"a|b", L"a\"b", L"a\tb", L"c:data"}) {
    INFO(std::filesystem::path{path}.string());
    CHECK(find_name_fault(path));
  }
  CHECK(*find_name_fault(L"x\\con") == "must not contain con, which is a device of Windows");
}

TEST_CASE("File names: what Windows takes is taken") {
  for (const auto* const path : {L"exports/mqtt_data", L"C:\\logs\\mqtt_data", L"c:/logs", L"..\\data",
                                 L".\\data", L"\\\\server\\share\\data", L"\\\\?\\C:\\logs\\data", L"console",
                                 L"com10", L"com", L"K\u00FCche \u53A8\u623F/data", L"a.b.c", L".hidden"}) {
    INFO(std::filesystem::path{path}.string());
    CHECK_FALSE(find_name_fault(path));
  }
}
