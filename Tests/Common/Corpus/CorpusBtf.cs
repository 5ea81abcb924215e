using System.Buffers.Binary;
using System.Text;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Corpus;

/// <summary>
/// BTF for cases that need func_info: <c>-- func label static|global proto</c>, in the order of the functions, the first at
/// instruction 0. Protos are <c>int(ctx)</c>, <c>int(u32,ctx)</c> and so on: parameters u32, u64, ctx (a pointer to void).
/// </summary>
internal static class CorpusBtf
{
    private const int KindInt = 1;
    private const int KindPtr = 2;
    private const int KindFunc = 12;
    private const int KindFuncProto = 13;

    public static void Apply(CorpusCase one, AssembledProgram program, CorpusHost.Session session, CallAttr attr)
    {
        string[][] functions = [.. one.Entries.Where(e => e.Key == "func").Select(e => e.Text.Split(' '))];
        if (functions.Length == 0)
            return;
        var strings = new StringBuilder("\0int\0u32\0u64\0");
        var types = new List<byte[]>
        {
            Type(1, KindInt, 0, 4, [(1u << 24) | 32]),
            Type(5, KindInt, 0, 4, [32]),
            Type(9, KindInt, 0, 8, [64]),
            Type(0, KindPtr, 0, 0, []),
        };
        var infos = new byte[functions.Length * 8];
        for (int i = 0; i < functions.Length; i++)
        {
            string[] parameters = functions[i][2][(functions[i][2].IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(',', StringSplitOptions.RemoveEmptyEntries);
            uint[] list = [.. parameters.SelectMany((p, n) => new[] { Name(strings, $"a{n}"), TypeId(one, p) })];
            types.Add(Type(0, KindFuncProto, parameters.Length, 1, list));
            types.Add(Type(Name(strings, functions[i][0]), KindFunc, functions[i][1] == "global" ? 1 : 0, (uint)types.Count, []));
            int start = i == 0 ? 0 : program.Labels.TryGetValue(functions[i][0], out int label) ? label : throw one.Wrong($"func {functions[i][0]}");
            BinaryPrimitives.WriteInt32LittleEndian(infos.AsSpan(i * 8), start);
            BinaryPrimitives.WriteInt32LittleEndian(infos.AsSpan((i * 8) + 4), types.Count);
        }

        byte[] body = [.. types.SelectMany(t => t)];
        byte[] names = Encoding.ASCII.GetBytes(strings.ToString());
        byte[] header = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x0001_eb9f);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), 24);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), names.Length);
        byte[] btf = [.. header, .. body, .. names];
        long fd = session.Call(new CallAttr(BpfCommand.BtfLoad) { ["btf"] = session.Memory.Copy(btf), ["btf_size"] = (uint)btf.Length });
        if (fd < 0)
            throw one.Wrong($"func ({Errno.Name(fd)})");
        attr["prog_btf_fd"] = (uint)fd;
        attr["func_info"] = session.Memory.Copy(infos);
        attr["func_info_cnt"] = (uint)functions.Length;
        attr["func_info_rec_size"] = 8;
    }

    private static uint TypeId(CorpusCase one, string name) => name switch
    {
        "int" => 1,
        "u32" => 2,
        "u64" => 3,
        "ctx" => 4,
        _ => throw one.Wrong($"parameter {name}"),
    };

    private static uint Name(StringBuilder strings, string name)
    {
        uint at = (uint)strings.Length;
        strings.Append(name).Append('\0');
        return at;
    }

    private static byte[] Type(uint name, int kind, int vlen, uint sizeOrType, uint[] extra)
    {
        byte[] bytes = new byte[12 + (extra.Length * 4)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, name);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), ((uint)kind << 24) | (uint)vlen);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), sizeOrType);
        for (int i = 0; i < extra.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12 + (i * 4)), extra[i]);
        return bytes;
    }
}
