using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Objects.Fs;

/// <summary>
/// Follows a path through the tree, as namei: empty paths, long names, files in the middle, and the right to search directories. There are
/// no links and no other file systems.
/// </summary>
internal static class PathWalk
{
    private const int MaxPath = 4096;
    private const int MaxName = 255;
    private const uint Search = 1;

    /// <summary>The directory that holds the last component, and its name ("" where the path is a directory itself). 0 or a negative errno.</summary>
    public static int Parent(BpffsNode start, string path, BpfTask task, out BpffsNode directory, out string name)
    {
        directory = start;
        name = "";
        if (path.Length == 0)
            return -Errno.ENOENT;
        if (path.Length >= MaxPath)
            return -Errno.ENAMETOOLONG;
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            if (!MayAccess(directory, task, Search))
                return -Errno.EACCES;
            if (parts[i].Length > MaxName)
                return -Errno.ENAMETOOLONG;
            if (parts[i] == "." || (parts[i] == ".." && directory.Parent is null))
                continue;
            if (parts[i] == "..")
            {
                directory = directory.Parent!;
                continue;
            }

            if (i == parts.Length - 1)
            {
                name = parts[i];
                return 0;
            }

            if (!directory.Children!.TryGetValue(parts[i], out BpffsNode? next))
                return Missing(directory, parts[i]);
            if (!next.IsDirectory)
                return -Errno.ENOTDIR;
            directory = next;
        }

        return 0;
    }

    /// <summary>The node of a path. 0 or a negative errno.</summary>
    public static int Find(BpffsNode start, string path, BpfTask task, out BpffsNode node)
    {
        int error = Parent(start, path, task, out node, out string name);
        if (error != 0 || name.Length == 0)
            return error;
        if (!node.Children!.TryGetValue(name, out BpffsNode? found))
            return Missing(node, name);
        node = found;
        return path.EndsWith('/') && !found.IsDirectory ? -Errno.ENOTDIR : 0;
    }

    /// <summary>Why a name is not there: names with dots are kept for the kernel's own files (bpf_lookup).</summary>
    public static int Missing(BpffsNode directory, string name) =>
        directory.IsBpffs && name.Contains('.', StringComparison.Ordinal) ? -Errno.EPERM : -Errno.ENOENT;

    /// <summary>Permission bits against a task (4 read, 2 write, 1 search); CAP_SYS_ADMIN and root pass, as who has CAP_DAC_OVERRIDE.</summary>
    public static bool MayAccess(BpffsNode node, BpfTask task, uint wanted)
    {
        if (task.Uid == 0 || task.Has(Capabilities.SysAdmin))
            return true;
        int shift = task.Uid == node.Uid ? 6 : task.Gid == node.Gid ? 3 : 0;
        return (node.Mode >> shift & wanted) == wanted;
    }
}
