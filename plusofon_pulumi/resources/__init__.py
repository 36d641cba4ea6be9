"""What Pulumi programs declare: a module for each resource, which is loaded by the programs that declare one."""
