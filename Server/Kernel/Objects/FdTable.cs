namespace WebBpf.Kernel.Objects;

/// <summary>File descriptors of one task. Numbers start at 3 (0-2 are its stdio); the lowest free one is taken, as in Linux.</summary>
public sealed class FdTable
{
    private const int First = 3;

    private readonly Lock _lock = new();
    private OpenFile[] _files = new OpenFile[16];
    private int _lowestFree;

    /// <summary>Installs an object under the lowest free number; the table takes over the caller's reference.</summary>
    public int Install(KernelObject file, FdAccess access = FdAccess.ReadWrite)
    {
        file.AddUser();
        lock (_lock)
        {
            int slot = _lowestFree;
            while (slot < _files.Length && _files[slot].Object is not null)
                slot++;
            if (slot == _files.Length)
                Array.Resize(ref _files, slot * 2);
            _files[slot] = new OpenFile(file, access);
            _lowestFree = slot + 1;
            return slot + First;
        }
    }

    /// <summary>The object behind an fd with a reference for the caller, or null (EBADF).</summary>
    public KernelObject? Get(int fd) => Get(fd, out _);

    /// <summary>As <see cref="Get(int)"/>, with what the file may be used for.</summary>
    public KernelObject? Get(int fd, out FdAccess access)
    {
        lock (_lock)
        {
            OpenFile file = At(fd);
            access = file.Access;
            return file.Object is { } found && found.TryGet() ? found : null;
        }
    }

    /// <summary>True for the numbers that a process has without opening anything: no BPF objects, but no bad descriptors either.</summary>
    public static bool IsStdio(int fd) => fd is >= 0 and < First;

    /// <summary>Closes one descriptor; false where it is not open (EBADF).</summary>
    public bool Close(int fd)
    {
        KernelObject? file;
        lock (_lock)
        {
            file = At(fd).Object;
            if (file is null)
                return false;
            _files[fd - First] = default;
            _lowestFree = Math.Min(_lowestFree, fd - First);
        }

        Drop(file);
        return true;
    }

    /// <summary>Closes all, as at the end of a process.</summary>
    public void CloseAll()
    {
        OpenFile[] files;
        lock (_lock)
        {
            files = _files;
            _files = new OpenFile[16];
            _lowestFree = 0;
        }

        foreach (OpenFile file in files)
        {
            if (file.Object is { } open)
                Drop(open);
        }
    }

    /// <summary>What is open now, in ascending order.</summary>
    public IReadOnlyList<KeyValuePair<int, KernelObject>> Snapshot()
    {
        lock (_lock)
        {
            var open = new List<KeyValuePair<int, KernelObject>>();
            for (int slot = 0; slot < _files.Length; slot++)
            {
                if (_files[slot].Object is { } file)
                    open.Add(new KeyValuePair<int, KernelObject>(slot + First, file));
            }

            return open;
        }
    }

    private OpenFile At(int fd)
    {
        int slot = fd - First;
        return (uint)slot < (uint)_files.Length ? _files[slot] : default;
    }

    private static void Drop(KernelObject file)
    {
        file.DropUser();
        file.Put();
    }

    private readonly record struct OpenFile(KernelObject? Object, FdAccess Access);
}
