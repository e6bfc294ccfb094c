import ArgumentParser

/// The commands that ask a server, for the program to list beside its own.
public enum CommandSet {
    public static let groups: [CommandGroup] = [
        CommandGroup(name: "Objects", subcommands: [
            GetCommand.self, DescribeCommand.self, ApplyCommand.self, DeleteCommand.self, LogsCommand.self, WaitCommand.self,
        ]),
        CommandGroup(name: "Users and access", subcommands: [
            WhoAmICommand.self, TokenCommand.self, UserCommand.self, NamespaceCommand.self, KubeconfigCommand.self,
        ]),
        CommandGroup(name: "Environments", subcommands: [InitCommand.self, GenerateCommand.self]),
    ]
}
