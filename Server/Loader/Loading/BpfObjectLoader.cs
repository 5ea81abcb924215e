using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Objects;

namespace WebBpf.Loader.Loading;

/// <summary>
/// Our libbpf: turns a compiled object into system calls on any backend. BTF first, then maps and their data, programs, and last the elements
/// that refer to programs.
/// </summary>
public static class BpfObjectLoader
{
    private const int BtfLogSize = 64 << 10;

    /// <summary>
    /// Loads an object for the task of <paramref name="call"/>, whose fd table receives what is made. Rejected programs are part of the result;
    /// what fails before any program is judged throws <see cref="LoadException"/>, and nothing stays open then.
    /// </summary>
    /// <param name="cpus">Possible CPUs of the backend (per-CPU event maps without a size get as many elements).</param>
    public static LoadResult Load(IBpfBackend backend, BpfObject source, LoadOptions options, in BpfCall call, int cpus = 1)
    {
        ProgramSpec[] chosen = Choose(source, options);
        IReadOnlyList<MapSpec> specs = WithGlobals(source, options);
        var calls = new CallRunner(backend, call, cpus);
        int btfFd = -1;
        var maps = new List<LoadedMap>();
        var programs = new List<LoadedProgram>();
        try
        {
            btfFd = LoadBtf(calls, source);
            var mapLoader = new MapLoader(calls, options, btfFd);
            foreach (MapSpec spec in specs)
                maps.Add(mapLoader.Create(spec));

            var programLoader = new ProgramLoader(calls, options, source, maps, btfFd);
            foreach (ProgramSpec program in chosen)
                programs.Add(programLoader.Load(program));

            foreach (LoadedMap map in maps)
                mapLoader.Fill(map, name => FdOf(map, name, maps, programs));
        }
        catch
        {
            foreach (int fd in maps.Select(m => m.Fd).Concat(programs.Where(p => p.Accepted).Select(p => p.Fd)).Append(btfFd).Where(fd => fd >= 0))
                calls.Close(fd);
            throw;
        }

        return new LoadResult(source.Name)
        {
            BtfFd = btfFd,
            BtfId = btfFd >= 0 ? calls.IdOf(btfFd, btf: true) : 0,
            Maps = maps,
            Programs = programs,
        };
    }

    private static int? FdOf(LoadedMap map, string name, List<LoadedMap> maps, List<LoadedProgram> programs)
    {
        if (map.Spec.Inner is not null)
            return maps.Find(m => m.Name == name)?.Fd;
        LoadedProgram? program = programs.Find(p => p.Name == name);
        return program is { Accepted: true } ? program.Fd : null;
    }

    private static ProgramSpec[] Choose(BpfObject source, LoadOptions options)
    {
        if (options.Programs is null)
            return [.. source.Programs.Where(p => p.AutoLoad)];
        string[] unknown = [.. options.Programs.Except(source.Programs.Select(p => p.Name))];
        if (unknown.Length > 0)
            throw new ObjectFormatException($"the object has no program {string.Join(", ", unknown)}; it has {string.Join(", ", source.Programs.Select(p => p.Name))}");
        return [.. source.Programs.Where(p => options.Programs.Contains(p.Name))];
    }

    private static IReadOnlyList<MapSpec> WithGlobals(BpfObject source, LoadOptions options)
    {
        if (options.Globals.Count == 0)
            return source.Maps;
        MapSpec[] maps = [.. source.Maps.Select(m => m.Data is null ? m : m with { Data = (byte[])m.Data.Clone() })];
        foreach ((string name, byte[] value) in options.Globals)
        {
            if (!source.Globals.TryGetValue(name, out GlobalVariable variable))
                throw new ObjectFormatException($"the object has no global variable {name}");
            if (value.Length > variable.Size)
                throw new ObjectFormatException($"the value of {name} has {value.Length} bytes, the variable {variable.Size}");
            Span<byte> place = maps[variable.Map].Data.AsSpan((int)variable.Offset, (int)variable.Size);
            place.Clear();
            value.CopyTo(place);
        }

        return maps;
    }

    private static int LoadBtf(CallRunner calls, BpfObject source)
    {
        if (source.Btf is null)
            return -1;
        AttrBuilder attr = calls.NewAttr(BpfCommand.BtfLoad)
            .SetBytes("btf", source.Btf)
            .Set("btf_size", (uint)source.Btf.Length)
            .Set("btf_log_level", 1)
            .Set("btf_log_size", BtfLogSize)
            .SetBuffer("btf_log_buf", BtfLogSize, out UserBuffer log);
        long fd = calls.Run(attr);
        if (fd == -Errno.ENOSPC)
            fd = calls.Run(attr.Set("btf_log_level", 0).Set("btf_log_size", 0).Set("btf_log_buf", 0));
        return fd >= 0 ? (int)fd : throw calls.Failure("loading BTF", fd, CallRunner.Text(log.Span));
    }
}
