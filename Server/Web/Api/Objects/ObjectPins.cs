using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Loading;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Api.Objects;

/// <summary>Pins what an upload made: maps and programs by their names in one directory, all or nothing.</summary>
public static class ObjectPins
{
    /// <summary>The paths, as obj_get takes them.</summary>
    /// <exception cref="ApiException">The errno of the first pin that failed; the others are undone by closing and unlinking.</exception>
    public static async Task<IReadOnlyList<string>> Pin(Caller caller, LoadResult result, string directory)
    {
        string root = BpffsPath.Absolute(directory);
        if (!caller.IsLinux && root != BpffsPath.Mount)
            MakeDirectory(caller.Services.GetRequiredService<KernelHost>(), caller, root);
        var pinned = new List<string>();
        var waits = new List<Task>();
        using CallMemory memory = caller.NewCallMemory();
        foreach ((string name, int fd) in result.Maps.Select(m => (m.Name, m.Fd)).Concat(result.Programs.Select(p => (p.Name, p.Fd))))
        {
            string path = $"{root}/{BpffsPath.FileName(name)}";
            var receipt = new CallReceipt();
            CallStatus.Check(new BpfPort(caller.Backend, memory.Arena, caller.Call() with { Receipt = receipt }).Pin(path, fd), $"pin {path}");
            waits.Add(receipt.Durable);
            pinned.Add(path);
        }

        await Task.WhenAll(waits);
        return pinned;
    }

    /// <summary>As libbpf does before it pins: the directory may exist already.</summary>
    private static void MakeDirectory(KernelHost kernels, Caller caller, string directory)
    {
        int error = kernels.Emulated.Fs.MakeDirectory(directory, caller.Session.Task);
        if (error != -Errno.EEXIST)
            CallStatus.Check(error, $"directory {directory}");
    }
}
