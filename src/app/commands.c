#include "app/command.h"

extern const fh_command fh_command_generate, fh_command_train, fh_command_evaluate,
    fh_command_predict, fh_command_compress, fh_command_inspect, fh_command_verify;

const fh_command *const fh_commands[] = {
    &fh_command_generate, &fh_command_train,   &fh_command_evaluate, &fh_command_predict,
    &fh_command_compress, &fh_command_inspect, &fh_command_verify,   NULL};
