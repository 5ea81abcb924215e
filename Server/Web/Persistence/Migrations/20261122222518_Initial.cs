using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebBpf.Server.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    Capabilities = table.Column<long>(type: "INTEGER", nullable: false),
                    Uid = table.Column<uint>(type: "INTEGER", nullable: false),
                    Administrator = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_keys", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "bpffs",
                columns: table => new
                {
                    Path = table.Column<string>(type: "TEXT", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", nullable: false),
                    ObjectId = table.Column<uint>(type: "INTEGER", nullable: false),
                    Mode = table.Column<uint>(type: "INTEGER", nullable: false),
                    Uid = table.Column<uint>(type: "INTEGER", nullable: false),
                    Gid = table.Column<uint>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "TEXT", nullable: false),
                    Quarantine = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_bpffs", x => x.Path);
                });

            migrationBuilder.CreateTable(
                name: "btf",
                columns: table => new
                {
                    Id = table.Column<uint>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Raw = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Quarantine = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_btf", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "map_entries",
                columns: table => new
                {
                    MapId = table.Column<uint>(type: "INTEGER", nullable: false),
                    Key = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Value = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_map_entries", x => new { x.MapId, x.Key });
                });

            migrationBuilder.CreateTable(
                name: "maps",
                columns: table => new
                {
                    Id = table.Column<uint>(type: "INTEGER", nullable: false),
                    Type = table.Column<uint>(type: "INTEGER", nullable: false),
                    KeySize = table.Column<uint>(type: "INTEGER", nullable: false),
                    ValueSize = table.Column<uint>(type: "INTEGER", nullable: false),
                    MaxEntries = table.Column<uint>(type: "INTEGER", nullable: false),
                    Flags = table.Column<uint>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    MapExtra = table.Column<long>(type: "INTEGER", nullable: false),
                    NumaNode = table.Column<int>(type: "INTEGER", nullable: false),
                    IfIndex = table.Column<uint>(type: "INTEGER", nullable: false),
                    BtfId = table.Column<uint>(type: "INTEGER", nullable: false),
                    BtfKeyTypeId = table.Column<uint>(type: "INTEGER", nullable: false),
                    BtfValueTypeId = table.Column<uint>(type: "INTEGER", nullable: false),
                    BtfVmlinuxValueTypeId = table.Column<uint>(type: "INTEGER", nullable: false),
                    InnerMapId = table.Column<uint>(type: "INTEGER", nullable: false),
                    Frozen = table.Column<bool>(type: "INTEGER", nullable: false),
                    Cpus = table.Column<int>(type: "INTEGER", nullable: false),
                    Uid = table.Column<uint>(type: "INTEGER", nullable: false),
                    Quarantine = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_maps", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "programs",
                columns: table => new
                {
                    Id = table.Column<uint>(type: "INTEGER", nullable: false),
                    Type = table.Column<uint>(type: "INTEGER", nullable: false),
                    ExpectedAttachType = table.Column<uint>(type: "INTEGER", nullable: false),
                    Flags = table.Column<uint>(type: "INTEGER", nullable: false),
                    AttachBtfId = table.Column<uint>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    License = table.Column<string>(type: "TEXT", nullable: false),
                    Insns = table.Column<byte[]>(type: "BLOB", nullable: false),
                    References = table.Column<string>(type: "TEXT", nullable: false),
                    BtfId = table.Column<uint>(type: "INTEGER", nullable: false),
                    FuncInfo = table.Column<byte[]>(type: "BLOB", nullable: false),
                    FuncInfoRecSize = table.Column<uint>(type: "INTEGER", nullable: false),
                    LineInfo = table.Column<byte[]>(type: "BLOB", nullable: false),
                    LineInfoRecSize = table.Column<uint>(type: "INTEGER", nullable: false),
                    Capabilities = table.Column<long>(type: "INTEGER", nullable: false),
                    Uid = table.Column<uint>(type: "INTEGER", nullable: false),
                    LoadedAt = table.Column<DateTimeOffset>(type: "TEXT", nullable: false),
                    Quarantine = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_programs", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_Hash",
                table: "api_keys",
                column: "Hash",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "api_keys");

            migrationBuilder.DropTable(
                name: "bpffs");

            migrationBuilder.DropTable(
                name: "btf");

            migrationBuilder.DropTable(
                name: "map_entries");

            migrationBuilder.DropTable(
                name: "maps");

            migrationBuilder.DropTable(
                name: "programs");
        }
    }
}
