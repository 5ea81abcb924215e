using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Persistence;
using Xunit;

namespace WebBpf.Tests.Server.Persistence;

public sealed class JournalTests
{
    private static readonly byte[] Key = [1, 0, 0, 0];

    [Fact]
    public async Task What_a_ticket_acknowledges_is_in_the_file()
    {
        using var store = new StoreFile();
        using JournalWriter writer = store.Writer();
        await writer.Append(new MapSaved(SampleMap));
        await writer.Append(new MapElementWritten(7, Key, [9, 8]));

        await using WebBpfDb db = store.Open();
        MapRow row = await db.Maps.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(SampleMap, Images.Of(row));
        MapEntryRow entry = await db.MapEntries.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal([9, 8], entry.Value);
    }

    [Fact]
    public async Task Programs_btf_and_nodes_come_back_as_they_were()
    {
        using var store = new StoreFile();
        var program = new ProgramImage(3, BpfProgType.Xdp, "count", [1, 2, 3, 4, 5, 6, 7, 8])
        {
            License = "GPL",
            Flags = 2,
            References = [new ProgramReference(4, DurableKind.Map, 7), new ProgramReference(9, DurableKind.Btf, 2)],
            BtfId = 2,
            FuncInfo = [1],
            FuncInfoRecSize = 8,
            LineInfo = [2],
            LineInfoRecSize = 16,
            Capabilities = Capabilities.All,
            Uid = 5,
            LoadedAt = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
        };
        var node = new BpffsNodeImage("/d/p", DurableKind.Prog, 3) { Mode = 0x180, CreatedAt = DateTimeOffset.FromUnixTimeSeconds(1_700_000_001) };
        using (JournalWriter writer = store.Writer())
        {
            _ = writer.Append(new BtfSaved(new BtfImage(2, [0x9f, 0xeb]) { Name = "b" }));
            _ = writer.Append(new ProgramSaved(program));
            _ = writer.Append(new NodeSaved(node));
        }

        await using WebBpfDb db = store.Open();
        ProgramImage back = Images.Of(await db.Programs.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal(program.References, back.References);
        Assert.Equal(program with { References = [], Insns = [], FuncInfo = [], LineInfo = [] }, back with { References = program.References.Take(0).ToArray(), Insns = [], FuncInfo = [], LineInfo = [] }, new ImageComparer());
        Assert.Equal(program.Insns, back.Insns);
        Assert.Equal(node, Images.Of(await db.Bpffs.SingleAsync(TestContext.Current.CancellationToken)));
        BtfImage btf = Images.Of(await db.Btf.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal((2u, "b"), (btf.Id, btf.Name));
        Assert.Equal([0x9f, 0xeb], btf.Raw);
    }

    [Fact]
    public async Task Changes_apply_in_their_order_across_batches()
    {
        using var store = new StoreFile();
        using (JournalWriter writer = store.Writer(maxBatch: 7))
        {
            for (int i = 0; i < 500; i++)
            {
                _ = writer.Append(new MapElementWritten(7, Key, BitConverter.GetBytes(i)));
                if (i % 3 == 0)
                    _ = writer.Append(new MapElementDeleted(7, Key));
            }
        }

        await using WebBpfDb db = store.Open();
        Assert.Equal(BitConverter.GetBytes(499), (await db.MapEntries.SingleAsync(TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task Renaming_a_directory_moves_what_is_below_it_and_nothing_else()
    {
        using var store = new StoreFile();
        using (JournalWriter writer = store.Writer())
        {
            foreach (string path in new[] { "/a", "/a/x", "/a/b/y", "/ab", "/a%" })
                _ = writer.Append(new NodeSaved(new BpffsNodeImage(path, DurableKind.Dir, 0)));
            await writer.Append(new NodeRenamed("/a", "/c"));
        }

        await using WebBpfDb db = store.Open();
        Assert.Equal(["/a%", "/ab", "/c", "/c/b/y", "/c/x"], await db.Bpffs.OrderBy(n => n.Path).Select(n => n.Path).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Forgetting_a_map_takes_its_entries_along()
    {
        using var store = new StoreFile();
        using (JournalWriter writer = store.Writer())
        {
            _ = writer.Append(new MapSaved(SampleMap));
            _ = writer.Append(new MapElementWritten(7, Key, [1]));
            _ = writer.Append(new MapElementWritten(8, Key, [1]));
            await writer.Append(new ObjectForgotten(DurableKind.Map, 7));
        }

        await using WebBpfDb db = store.Open();
        Assert.Empty(await db.Maps.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal(8u, (await db.MapEntries.SingleAsync(TestContext.Current.CancellationToken)).MapId);
    }

    [Fact]
    public async Task After_a_failed_write_nothing_is_acknowledged_any_more()
    {
        using var store = new StoreFile();
        using JournalWriter writer = store.Writer();
        await writer.Append(new MapSaved(SampleMap));
        await using (var breaker = new SqliteConnection($"Data Source={store.Path};Pooling=False"))
        {
            await breaker.OpenAsync(TestContext.Current.CancellationToken);
            await using SqliteCommand drop = breaker.CreateCommand();
            drop.CommandText = "DROP TABLE map_entries";
            await drop.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await Assert.ThrowsAsync<IOException>(() => writer.Append(new MapElementWritten(7, Key, [1])));
        await Assert.ThrowsAsync<IOException>(() => writer.Append(new MapFrozen(7)));
        Assert.NotNull(writer.Failure);
    }

    [Fact]
    public void The_file_is_in_wal_mode_and_every_commit_is_synced()
    {
        using var store = new StoreFile();
        using WebBpfDb db = store.Open();
        db.Database.OpenConnection();
        Assert.Equal("wal", Pragma(db, "journal_mode"));
        Assert.Equal("2", Pragma(db, "synchronous"));
    }

    private static MapImage SampleMap => new(7, BpfMapType.Hash, 4, 2, 16) { Name = "m", MapExtra = ulong.MaxValue, Cpus = 2, Flags = 1, Uid = 4 };

    private static string? Pragma(WebBpfDb db, string name)
    {
        using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return command.ExecuteScalar()?.ToString();
    }

    /// <summary>Everything but the lists, which are compared on their own.</summary>
    private sealed class ImageComparer : IEqualityComparer<ProgramImage>
    {
        public bool Equals(ProgramImage? x, ProgramImage? y) => Text(x) == Text(y);

        public int GetHashCode(ProgramImage obj) => Text(obj).GetHashCode(StringComparison.Ordinal);

        private static string Text(ProgramImage? image) => System.Text.Json.JsonSerializer.Serialize(image);
    }
}
