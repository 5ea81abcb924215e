using Microsoft.EntityFrameworkCore;

namespace WebBpf.Server.Persistence;

/// <summary>The state that survives: the bpffs and the objects behind its pins, and the callers' keys.</summary>
public sealed class WebBpfDb(DbContextOptions<WebBpfDb> options) : DbContext(options)
{
    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    public DbSet<BpffsRow> Bpffs => Set<BpffsRow>();
    public DbSet<ProgramRow> Programs => Set<ProgramRow>();
    public DbSet<MapRow> Maps => Set<MapRow>();
    public DbSet<MapEntryRow> MapEntries => Set<MapEntryRow>();
    public DbSet<BtfRow> Btf => Set<BtfRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ApiKeyRow>(e =>
        {
            e.ToTable("api_keys").HasKey(r => r.Id);
            e.HasIndex(r => r.Hash).IsUnique();
        });
        modelBuilder.Entity<BpffsRow>(e => e.ToTable("bpffs").HasKey(r => r.Path));
        modelBuilder.Entity<ProgramRow>(e =>
        {
            e.ToTable("programs").HasKey(r => r.Id);
            e.Property(r => r.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<MapRow>(e =>
        {
            e.ToTable("maps").HasKey(r => r.Id);
            e.Property(r => r.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<MapEntryRow>(e => e.ToTable("map_entries").HasKey(r => new { r.MapId, r.Key }));
        modelBuilder.Entity<BtfRow>(e =>
        {
            e.ToTable("btf").HasKey(r => r.Id);
            e.Property(r => r.Id).ValueGeneratedNever();
        });
    }
}
