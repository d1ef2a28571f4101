#include "app/commands.h"

int main(int count, char** arguments) { return app::run(std::span(arguments + 1, static_cast<size_t>(count - 1))); }
