using System.Collections.Frozen;
using System.Reflection;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>All commands that are answered, by number, found once by scanning this assembly; and those that are not, with the reason.</summary>
public static class CommandRegistry
{
    private static readonly FrozenDictionary<BpfCommand, SyscallCommand> All = Scan();

    /// <summary>Commands without an implementation yet: they answer EOPNOTSUPP and say so.</summary>
    public static IReadOnlyDictionary<BpfCommand, string> Gaps { get; } = new Dictionary<BpfCommand, string>
    {
        [BpfCommand.ProgAttach] = "programs are not attached to anything yet",
        [BpfCommand.ProgDetach] = "programs are not attached to anything yet",
        [BpfCommand.ProgQuery] = "programs are not attached to anything yet",
        [BpfCommand.RawTracepointOpen] = "there are no links yet",
        [BpfCommand.TaskFdQuery] = "there are no perf events of tasks yet",
        [BpfCommand.LinkCreate] = "there are no links yet",
        [BpfCommand.LinkUpdate] = "there are no links yet",
        [BpfCommand.LinkDetach] = "there are no links yet",
        [BpfCommand.IterCreate] = "there are no iterators yet",
        [BpfCommand.ProgBindMap] = "programs hold the maps they were loaded with only",
        [BpfCommand.TokenCreate] = "there are no tokens yet",
        [BpfCommand.ProgStreamReadByFd] = "programs have no streams yet",
    };

    public static IReadOnlyCollection<BpfCommand> Commands => All.Keys;

    internal static SyscallCommand? Find(BpfCommand command) => All.GetValueOrDefault(command);

    private static FrozenDictionary<BpfCommand, SyscallCommand> Scan()
    {
        var found = new Dictionary<BpfCommand, SyscallCommand>();
        foreach (Type type in typeof(CommandRegistry).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<BpfSyscallAttribute>() is not { } attribute)
                continue;
            var handler = (SyscallCommand)Activator.CreateInstance(type)!;
            foreach (BpfCommand command in attribute.Commands)
            {
                if (!found.TryAdd(command, handler))
                    throw new InvalidOperationException($"Command {command} is answered twice; the second time by {type.Name}.");
            }
        }

        return found.ToFrozenDictionary();
    }
}
