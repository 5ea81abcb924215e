namespace WebBpf.Kernel.Objects;

/// <summary>File descriptors of one task. Numbers start at 3 (0-2 are its stdio); the lowest free one is taken, as in Linux.</summary>
public sealed class FdTable
{
    private readonly SortedDictionary<int, KernelObject> _open = [];
    private readonly Lock _lock = new();

    /// <summary>Installs an object under the lowest free number; the table takes over the caller's reference.</summary>
    public int Install(KernelObject file)
    {
        lock (_lock)
        {
            int fd = 3;
            foreach (int taken in _open.Keys)
            {
                if (taken != fd)
                    break;
                fd++;
            }

            _open.Add(fd, file);
            return fd;
        }
    }

    /// <summary>The object behind an fd with a reference for the caller, or null (EBADF).</summary>
    public KernelObject? Get(int fd)
    {
        lock (_lock)
            return _open.TryGetValue(fd, out KernelObject? file) && file.TryGet() ? file : null;
    }

    /// <summary>Closes one descriptor; false where it is not open (EBADF).</summary>
    public bool Close(int fd)
    {
        KernelObject? file;
        lock (_lock)
        {
            if (!_open.Remove(fd, out file))
                return false;
        }

        file.Put();
        return true;
    }

    /// <summary>Closes all, as at the end of a process.</summary>
    public void CloseAll()
    {
        KernelObject[] files;
        lock (_lock)
        {
            files = [.. _open.Values];
            _open.Clear();
        }

        foreach (KernelObject file in files)
            file.Put();
    }

    /// <summary>What is open now, in ascending order.</summary>
    public IReadOnlyList<KeyValuePair<int, KernelObject>> Snapshot()
    {
        lock (_lock)
            return [.. _open];
    }
}
